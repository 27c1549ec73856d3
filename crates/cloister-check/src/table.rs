//! A table as it was read: what is in it, and what adds up.

use crate::error::{CheckError, Fault, Problem};
use crate::grid::Grid;
use crate::hierarchy::{self, Hierarchy};
use crate::parquet_table::{self, ParquetLayout};
use crate::relation::relations;
use crate::settings::Settings;
use crate::sheet::Sheet;
use crate::totals::{Source, Tree, trees};
use cloister_disclosure::Relation;
use std::fs::File;
use std::path::Path;

/// A table made elsewhere.
#[derive(Clone, Debug)]
pub struct Table {
    pub(crate) name: String,
    pub(crate) sheet: Sheet,
    pub(crate) grid: Grid,
    pub(crate) trees: Vec<Tree>,
    pub(crate) relations: Vec<Relation>,
    decimal: char,
    /// The columns, where it was a Parquet file.
    pub(crate) parquet: Option<ParquetLayout>,
}

/// What stands for a number that a Parquet file does not have, when it is attacked.
const SUPPRESSED: &str = "*";

/// What a table is read for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// It is raw, and is to be protected.
    Protect,
    /// Somebody has suppressed it, and it is to be attacked.
    Audit,
}

impl Table {
    /// Reads a table and the hierarchies of its labels from files.
    ///
    /// # Errors
    /// Whatever is wrong with either, with its place; never what stands there.
    pub fn read(
        path: &Path,
        hierarchies: &[impl AsRef<Path>],
        settings: &Settings,
        purpose: Purpose,
    ) -> Result<Self, CheckError> {
        let mut groups = Vec::new();
        for path in hierarchies {
            let path = path.as_ref();
            let name = file_name(path);
            let text = std::fs::read_to_string(path);
            let text = text.map_err(|e| Problem::File(e.kind().to_string()).whole().of(&name))?;
            let parsed = hierarchy::parse(&text).map_err(|f| f.of(&name))?;
            groups.extend(parsed.into_iter().map(|h| (name.clone(), h)));
        }
        let name = file_name(path);
        let file = File::open(path);
        let file = file.map_err(|e| Problem::File(e.kind().to_string()).whole().of(&name))?;
        let bytes = Sheet::bytes(file).map_err(|f| f.of(&name))?;
        Self::of_bytes(name, bytes, &groups, settings, purpose)
    }

    /// Reads a table from bytes.
    ///
    /// # Errors
    /// As [`Table::read`].
    pub fn parse(
        name: &str,
        bytes: Vec<u8>,
        hierarchy: Option<&str>,
        settings: &Settings,
        purpose: Purpose,
    ) -> Result<Self, CheckError> {
        let parsed = hierarchy.map(hierarchy::parse).transpose().map_err(|f| f.of("hierarchy"))?;
        let groups: Vec<(String, Hierarchy)> =
            parsed.into_iter().flatten().map(|h| ("hierarchy".to_owned(), h)).collect();
        Self::of_bytes(name.to_owned(), bytes, &groups, settings, purpose)
    }

    fn of_bytes(
        name: String,
        bytes: Vec<u8>,
        hierarchies: &[(String, Hierarchy)],
        settings: &Settings,
        purpose: Purpose,
    ) -> Result<Self, CheckError> {
        if !bytes.starts_with(parquet_table::MAGIC) {
            let sheet = Sheet::read(bytes).map_err(|f| f.of(&name))?;
            return Self::build(name, sheet, hierarchies, settings, purpose);
        }
        let hidden = match purpose {
            Purpose::Protect => None,
            Purpose::Audit => Some(SUPPRESSED),
        };
        let (text, layout) = parquet_table::read(bytes, hidden).map_err(|f| f.of(&name))?;
        let sheet = Sheet::read(text).map_err(|f| f.of(&name))?;
        let table = Self::build(name, sheet, hierarchies, settings, purpose)?;
        Ok(Self { parquet: Some(layout), ..table })
    }

    fn build(
        name: String,
        sheet: Sheet,
        hierarchies: &[(String, Hierarchy)],
        settings: &Settings,
        purpose: Purpose,
    ) -> Result<Self, CheckError> {
        let of = |fault: Fault| fault.of(&name);
        let grid = Grid::read(&sheet, settings, purpose == Purpose::Audit).map_err(of)?;
        for (file, hierarchy) in hierarchies {
            // What a hierarchy has wrong is wrong in its own file.
            let place = hierarchy.dimension(&grid.dimensions).map_err(|f| f.of(file))?;
            if let Some(dimension) = grid.dimensions.get(place)
                && let Some(label) = hierarchy.labels().find(|label| dimension.find(label).is_none())
            {
                let unknown = Problem::UnknownCode(label.clone(), dimension.name.clone());
                return Err(unknown.whole().of(file));
            }
        }
        let hierarchies: Vec<Hierarchy> = hierarchies.iter().map(|(_, h)| h.clone()).collect();
        let trees = trees(&grid, &hierarchies, settings).map_err(of)?;
        let relations = relations(&grid, &trees, settings).map_err(of)?;
        let decimal = settings.decimal.unwrap_or('.');
        Ok(Self { name, sheet, grid, trees, relations, decimal, parquet: None })
    }

    /// The file's name, without its folder.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What separates decimals.
    pub(crate) fn decimal(&self) -> char {
        self.decimal
    }

    /// How many levels a cell is above the smallest ones.
    pub(crate) fn height(&self, cell: usize) -> usize {
        let codes = self.grid.cells.get(cell).map(|c| c.codes.as_slice()).unwrap_or_default();
        self.trees.iter().zip(codes).map(|(tree, code)| tree.height(*code)).sum()
    }

    /// How many cells there are: combinations of labels.
    pub fn cells(&self) -> usize {
        self.grid.cells.len()
    }

    /// What was found to be a total of what, for people.
    pub fn totals(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for (dimension, tree) in self.grid.dimensions.iter().zip(&self.trees) {
            let how = match tree.source {
                Source::None => continue,
                Source::Hierarchy => "by the hierarchy",
                Source::Named => "by its name",
                Source::Detected => "detected",
            };
            for (code, parts) in tree.children.iter().enumerate().filter(|(_, parts)| !parts.is_empty()) {
                let shown: Vec<&str> = parts.iter().take(6).map(|p| dimension.label(*p)).collect();
                let more = if parts.len() > 6 { " + …" } else { "" };
                lines.push(format!(
                    "{}: {} = {}{more} ({how})",
                    dimension.name,
                    dimension.label(code),
                    shown.join(" + ")
                ));
            }
        }
        lines
    }

    /// The cell that `column=label,column=label` names; a dimension that is not named means its only total.
    pub(crate) fn cell(&self, text: &str) -> Result<usize, CheckError> {
        let unknown = || Problem::UnknownCell(text.to_owned()).whole().of(&self.name);
        let mut codes: Vec<Option<usize>> = self
            .trees
            .iter()
            .map(|tree| {
                let roots = (0..tree.children.len())
                    .filter(|c| !tree.is_leaf(*c) && !tree.children.iter().any(|parts| parts.contains(c)));
                let roots: Vec<usize> = roots.collect();
                if let [only] = roots.as_slice() { Some(*only) } else { None }
            })
            .collect();
        for pair in text.split(',') {
            let (name, label) = pair.split_once('=').ok_or_else(unknown)?;
            let place =
                self.grid.dimensions.iter().position(|d| d.name == name.trim()).ok_or_else(unknown)?;
            let code = self.grid.dimensions.get(place).and_then(|d| d.find(label.trim()));
            if let Some(slot) = codes.get_mut(place) {
                *slot = Some(code.ok_or_else(unknown)?);
            }
        }
        let codes: Vec<usize> = codes.into_iter().collect::<Option<_>>().ok_or_else(unknown)?;
        self.grid.find(&codes).ok_or_else(unknown)
    }
}

fn file_name(path: &Path) -> String {
    path.file_name().map_or_else(|| "table".to_owned(), |n| n.to_string_lossy().into_owned())
}
