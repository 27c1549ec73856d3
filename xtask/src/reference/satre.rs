//! The page of the self-evaluation against SATRE, from `docs/satre.toml`.

use super::markdown::{cell, head, row, title};
use std::collections::BTreeMap;
use std::path::Path;
use toml::{Table, Value};

const FILE: &str = "docs/satre.toml";
/// The pillars of SATRE v2, by the first number of a statement.
const PILLARS: [(&str, &str); 5] = [
    ("1", "Information governance"),
    ("2", "Computing technology and information security"),
    ("3", "Data management"),
    ("4", "Supporting capabilities"),
    ("5", "Federation"),
];
/// How many statements are evaluated, and by whom they can be met.
const STATEMENTS: usize = 115;

struct Statement {
    id: String,
    importance: String,
    /// Whether it takes whoever runs the hub.
    operator: bool,
    asks: String,
    score: String,
    does: String,
    evidence: Vec<String>,
}

/// The page.
///
/// # Errors
/// Where a statement is incomplete, claims something without evidence, or its evidence is not there.
pub(super) fn page(root: &Path) -> Result<String, String> {
    let text = std::fs::read_to_string(root.join(FILE)).map_err(|e| format!("{FILE}: {e}"))?;
    let statements = read(root, &text)?;
    if statements.len() != STATEMENTS {
        return Err(format!("{FILE}: {} statements, not {STATEMENTS}", statements.len()));
    }
    let mut out = title("SATRE: a self-evaluation", &about());
    out.push_str("\n## In numbers\n\n");
    out.push_str(&summary(&statements));
    for (number, pillar) in PILLARS {
        out.push_str(&format!("\n## {number} {pillar}\n\n"));
        out.push_str(&head(&["statement", "imp.", "asks", "score", "what there is", "evidence"]));
        for of in statements.iter().filter(|s| s.id.starts_with(&format!("{number}."))) {
            let links = of.evidence.iter().map(|path| link(path)).collect::<Vec<_>>().join("<br>");
            let who = if of.operator { "*Operator.* " } else { "" };
            let cells = [
                of.id.clone(),
                cell(&of.importance),
                cell(&of.asks),
                of.score.clone(),
                format!("{who}{}", cell(&of.does)),
                links,
            ];
            out.push_str(&row(&cells));
        }
    }
    Ok(out)
}

fn about() -> String {
    "Cloister is self-evaluated against the [Standard Architecture for Trusted Research Environments](https://satre-specification.readthedocs.io), \
     version 2. SATRE is no standard that one can be certified for, nobody else has looked at this table, and a product is not a trusted \
     research environment: people run one.\n\n\
     Of SATRE's 185 statements, the 115 here are those that software can meet or help to meet, by our own selection; the other 70 are \
     matters of organisation, premises and infrastructure. Paraphrases are ours. A statement marked *operator* can be met only \
     by whoever runs the hub: what stands there is what the product gives them, and its score says no more than that.\n\n\
     **Scores** are SATRE's: 2, satisfied; 1, sufficient, with what is missing said; 0, not met; N/A. **Importance**: M mandatory, M\\* mandatory \
     where it applies, R recommended, O optional. The data: [`docs/satre.toml`](../satre.toml); `cargo run -p xtask -- check` \
     fails where evidence that is named is not there.\n"
        .to_owned()
}

fn summary(statements: &[Statement]) -> String {
    let mut out = head(&["importance", "2", "1", "0", "N/A", "in all"]);
    let mut operators = 0;
    for (importance, name) in
        [("M", "mandatory"), ("M*", "mandatory where it applies"), ("R", "recommended"), ("O", "optional")]
    {
        let of: Vec<&Statement> = statements.iter().filter(|s| s.importance == importance).collect();
        let count = |score: &str| of.iter().filter(|s| s.score == score).count().to_string();
        out.push_str(&row(&[
            name.to_owned(),
            count("2"),
            count("1"),
            count("0"),
            count("N/A"),
            of.len().to_string(),
        ]));
        operators += of.iter().filter(|s| s.operator).count();
    }
    out.push_str(&format!("\n{operators} of them take an operator.\n"));
    let unmet = |wanted: fn(&&Statement) -> bool| {
        let ids = statements.iter().filter(|s| s.score == "0").filter(wanted).map(|s| s.id.as_str());
        ids.collect::<Vec<_>>().join(", ")
    };
    out.push_str(&format!(
        "\nMandatory and not met: {}. Not mandatory and not met: {}.\n",
        unmet(|s| s.importance.starts_with('M')),
        unmet(|s| !s.importance.starts_with('M'))
    ));
    out
}

fn link(path: &str) -> String {
    let name = path.rsplit('/').next().unwrap_or(path);
    match path.strip_prefix("docs/") {
        Some(page) => format!("[{name}](../{page})"),
        None => format!("[{name}](../../{path})"),
    }
}

fn read(root: &Path, text: &str) -> Result<Vec<Statement>, String> {
    let table: Table = toml::from_str(text).map_err(|e| format!("{FILE}: {e}"))?;
    let mut statements = BTreeMap::new();
    for (id, value) in &table {
        let wrong = |what: &str| format!("{FILE}: {id}: {what}");
        let string = |key: &str| {
            value
                .get(key)
                .and_then(Value::as_str)
                .filter(|t| !t.is_empty())
                .map(str::to_owned)
                .ok_or_else(|| wrong(&format!("`{key}` is missing")))
        };
        let evidence = value.get("evidence").and_then(Value::as_array).into_iter().flatten();
        let evidence: Vec<String> = evidence.filter_map(Value::as_str).map(str::to_owned).collect();
        for path in &evidence {
            if !root.join(path).is_file() {
                return Err(wrong(&format!("its evidence `{path}` is not there")));
            }
        }
        let score = string("score")?;
        let importance = string("importance")?;
        let operator = value.get("operator").and_then(Value::as_bool).unwrap_or(false);
        if !["0", "1", "2", "N/A"].contains(&score.as_str())
            || !["M", "M*", "R", "O"].contains(&importance.as_str())
        {
            return Err(wrong("no such score or importance"));
        }
        if ["1", "2"].contains(&score.as_str()) && evidence.is_empty() {
            return Err(wrong("it is said to be met, and has no evidence"));
        }
        if score == "2" && operator {
            return Err(wrong("what takes an operator is not satisfied by a product"));
        }
        let (asks, does) = (string("asks")?, string("does")?);
        statements
            .insert(id, Statement { id: id.clone(), importance, operator, asks, score, does, evidence });
    }
    Ok(statements.into_values().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_needs_evidence_that_is_there() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let of = |score: &str, rest: &str| {
            let text = format!(
                "[\"1.1.1\"]\nimportance = \"M\"\nasks = \"a\"\ndoes = \"b\"\nscore = \"{score}\"\n{rest}"
            );
            read(root, &text).map(|_| ())
        };
        assert!(of("2", "evidence = [\"README.md\"]").is_ok());
        assert!(of("0", "").is_ok());
        assert!(of("2", "").is_err());
        assert!(of("1", "evidence = [\"no/such/file\"]").is_err());
        assert!(of("2", "operator = true\nevidence = [\"README.md\"]").is_err());
        assert!(of("3", "evidence = [\"README.md\"]").is_err());
    }
}
