//! Who asks and what for, as the policies' language has them.

use crate::resource::{Project, Resource};
use crate::{Action, Principal};
use cedar_policy::{
    Context, Entities, Entity, EntityId, EntityTypeName, EntityUid, Request, RestrictedExpression as Value,
    Schema,
};
use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use cloister_model::Name;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::str::FromStr;

/// The facts do not fit the schema. Whoever asked gets a refusal.
#[derive(Debug)]
pub(crate) struct Unfit;

/// Anything that the language's own types object to.
fn unfit<E>(_: E) -> Unfit {
    Unfit
}

/// A question, in the policies' language.
pub(crate) fn question(
    schema: &Schema,
    principal: &Principal,
    action: Action,
    resource: Resource<'_>,
    now: DateTime<Utc>,
) -> Result<(Request, Entities), Unfit> {
    let asker = asker(principal)?;
    let object = object(resource)?;
    let context = Context::from_pairs([("now".to_owned(), moment(now))]).map_err(unfit)?;
    let action = uid("Action", action.as_str())?;
    let request = Request::new(asker.uid(), action, object.uid(), context, Some(schema)).map_err(unfit)?;
    let mut entities = vec![asker, object];
    // A project stands for itself, or behind a query or request.
    if let Some(project) = resource.project().filter(|_| resource.kind() != "Project") {
        entities.push(project_entity(project)?);
    }
    // With the schema, the groups of actions come along, and every fact is checked for its type.
    Ok((request, Entities::from_entities(entities, Some(schema)).map_err(unfit)?))
}

fn asker(principal: &Principal) -> Result<Entity, Unfit> {
    let person = match principal {
        Principal::Anonymous => return Ok(Entity::with_uid(uid("Anonymous", "anonymous")?)),
        Principal::System => return Ok(Entity::with_uid(uid("System", "system")?)),
        Principal::Person(person) => person,
    };
    let roles: HashSet<EntityUid> =
        person.roles.iter().map(|role| uid("Role", role.as_str())).collect::<Result<_, _>>()?;
    let mut facts = HashMap::from([
        ("name".to_owned(), Value::new_string(person.name.to_string())),
        ("disabled".to_owned(), Value::new_bool(person.disabled)),
    ]);
    for (fact, day) in [("training_until", person.training_expires), ("terms_until", person.terms_expire)] {
        if let Some(day) = day {
            facts.insert(fact.to_owned(), after(day)?);
        }
    }
    Entity::new(uid("Person", person.name.as_str())?, facts, roles).map_err(unfit)
}

fn object(resource: Resource<'_>) -> Result<Entity, Unfit> {
    let it = uid(resource.kind(), resource.id())?;
    let facts = match resource {
        Resource::Hub => return Ok(Entity::with_uid(it)),
        Resource::Project(project) => return project_entity(project),
        Resource::Account(account) => vec![("holder", person(&account.holder)?)],
        Resource::Dataset(dataset) => vec![("owners", people(&dataset.owners)?)],
        Resource::Query(query) => vec![
            ("project", Value::new_entity_uid(uid("Project", query.project.name.as_str())?)),
            ("author", person(&query.author)?),
        ],
        Resource::Request(request) => vec![
            ("project", Value::new_entity_uid(uid("Project", request.project.name.as_str())?)),
            ("authors", people(&request.authors)?),
            ("handed_in", Value::new_bool(request.handed_in)),
        ],
    };
    let facts = facts.into_iter().map(|(fact, value)| (fact.to_owned(), value)).collect();
    Entity::new(it, facts, HashSet::new()).map_err(unfit)
}

fn project_entity(project: &Project) -> Result<Entity, Unfit> {
    let mut facts = HashMap::from([
        ("state".to_owned(), Value::new_string(project.state.as_str().to_owned())),
        ("starts".to_owned(), moment(project.starts.and_time(NaiveTime::MIN).and_utc())),
        ("ends_until".to_owned(), after(project.ends)?),
        ("members".to_owned(), people(&project.members)?),
        ("owners".to_owned(), people(&project.owners)?),
        ("conflicts".to_owned(), people(&project.conflicts)?),
    ]);
    if let Some(checkers) = &project.checkers {
        facts.insert("checkers".to_owned(), people(checkers)?);
    }
    let egress = project.egress.iter().map(|(who, until)| (who.to_string(), moment(*until)));
    let it = uid("Project", project.name.as_str())?;
    Entity::new_with_tags(it, facts, HashSet::new(), egress).map_err(unfit)
}

fn person(name: &Name) -> Result<Value, Unfit> {
    Ok(Value::new_entity_uid(uid("Person", name.as_str())?))
}

fn people(names: &BTreeSet<Name>) -> Result<Value, Unfit> {
    Ok(Value::new_set(names.iter().map(person).collect::<Result<Vec<_>, _>>()?))
}

fn uid(kind: &str, id: &str) -> Result<EntityUid, Unfit> {
    let kind = EntityTypeName::from_str(kind).map_err(unfit)?;
    Ok(EntityUid::from_type_name_and_id(kind, EntityId::new(id)))
}

fn moment(at: DateTime<Utc>) -> Value {
    Value::new_datetime(at.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string())
}

/// The first moment after a day.
fn after(day: NaiveDate) -> Result<Value, Unfit> {
    Ok(moment(day.succ_opt().ok_or(Unfit)?.and_time(NaiveTime::MIN).and_utc()))
}
