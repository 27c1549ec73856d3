//! What a project must hold, beyond having the right keys. What it says of datasets is checked
//! against the hub by [`check_grant`].

use crate::project::{ColumnGrant, Project, QueryMode, TableGrant};
use crate::{Manifest, Problem, Problems};
use cloister_model::{LandedType, Role};
use std::collections::HashSet;

/// All that is wrong with a project on its own.
pub(crate) fn check(project: &Project) -> Result<(), Problems> {
    let mut problems = Vec::new();
    for (place, text) in [
        ("title", &project.title),
        ("purpose", &project.purpose),
        ("legal-basis", &project.legal_basis),
        ("agreement", &project.agreement),
    ] {
        if text.trim().is_empty() {
            problems.push(Problem::new(place, "must not be empty"));
        }
    }
    if project.controllers.is_empty() || project.controllers.iter().any(|c| c.trim().is_empty()) {
        problems.push(Problem::new("controllers", "must name the data controllers"));
    }
    if project.ends < project.starts {
        problems.push(Problem::new("ends", "is before `starts`"));
    }
    check_members(project, &mut problems);
    if project.grants.is_empty() {
        problems.push(Problem::new("grants", "must name at least one dataset"));
    }
    let mut datasets = HashSet::new();
    for grant in &project.grants {
        let place = format!("grants.{}", grant.dataset);
        if !datasets.insert(&grant.dataset) {
            problems.push(Problem::new(&place, "is there twice"));
        }
        if grant.tables.is_empty() {
            problems.push(Problem::new(&place, "must name at least one table"));
        }
        let mut tables = HashSet::new();
        for table in &grant.tables {
            let place = format!("{place}.{}", table.name);
            if !tables.insert(&table.name) {
                problems.push(Problem::new(&place, "is there twice"));
            }
            if matches!(&table.columns, ColumnGrant::List(list) if list.is_empty()) {
                problems.push(Problem::new(&place, "must grant at least one column"));
            }
            if table.window.as_ref().is_some_and(|w| w.to < w.from) {
                problems.push(Problem::new(&place, "its window ends before it begins"));
            }
        }
    }
    Problems::unless_empty(problems)
}

fn check_members(project: &Project, problems: &mut Vec<Problem>) {
    let mut users = HashSet::new();
    for member in &project.members {
        let place = format!("members.{}", member.user);
        if !users.insert(&member.user) {
            problems.push(Problem::new(&place, "is there twice"));
        }
        if member.roles.is_empty() {
            problems.push(Problem::new(&place, "has no role"));
        }
        if member.roles.contains(&Role::Checker) {
            problems.push(Problem::new(&place, "a checker is never a member of the project they check"));
        }
        for role in [Role::InformationAssetOwner, Role::Auditor] {
            if member.roles.contains(&role) {
                let text = format!("`{}` is a role in the hub, not in a project", role.as_str());
                problems.push(Problem::new(&place, text));
            }
        }
    }
    let mut checkers = HashSet::new();
    for checker in &project.checkers {
        let place = format!("checkers.{checker}");
        if !checkers.insert(checker) {
            problems.push(Problem::new(&place, "is there twice"));
        }
        if users.contains(checker) {
            problems.push(Problem::new(&place, "a checker is never a member of the project they check"));
        }
    }
    if project.queries == QueryMode::Approved && project.checkers.is_empty() {
        problems.push(Problem::new("checkers", "must name somebody who approves queries"));
    }
    if !project.members.iter().any(|m| m.roles.contains(&Role::Researcher)) {
        problems.push(Problem::new("members", "has no researcher"));
    }
}

impl Project {
    /// What this project says of a dataset that the dataset's version does not hold.
    pub fn check_grant(&self, manifest: &Manifest) -> Vec<Problem> {
        let grants = self.grants.iter().filter(|g| g.dataset == manifest.dataset);
        grants.flat_map(|g| &g.tables).flat_map(|t| table_problems(t, manifest)).collect()
    }
}

fn table_problems(grant: &TableGrant, manifest: &Manifest) -> Vec<Problem> {
    let place = format!("grants.{}.{}", manifest.dataset, grant.name);
    let Some(table) = manifest.tables.iter().find(|t| t.name == grant.name) else {
        return vec![Problem::new(place, "the dataset has no such table")];
    };
    let mut problems = Vec::new();
    if let ColumnGrant::List(columns) = &grant.columns {
        for column in columns {
            if !table.columns.iter().any(|c| c.name == *column) {
                problems.push(Problem::new(&place, format!("the table has no column `{column}`")));
            }
        }
    }
    if let Some(window) = &grant.window {
        let kind = table.columns.iter().find(|c| c.name == window.column).map(|c| c.landed_type);
        if !matches!(kind, Some(LandedType::Date | LandedType::Timestamp)) {
            problems
                .push(Problem::new(&place, format!("`{}` is not a date column of the table", window.column)));
        }
    }
    problems
}
