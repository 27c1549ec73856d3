//! The page of codes: every stable code that a person or a program may meet, from where the code defines it.

use super::markdown::{cell, head, row, title};
use super::source::{
    at_commas, block, bracketed, calls, literal, product_files, product_text, template, written,
};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Where codes are defined.
enum Origin {
    /// An enum of errors in a file: its documentation, its words, its `fn code`.
    Enum(&'static str, &'static str),
    /// Calls of a function in a folder, and which argument is the code; words and advice follow it.
    Calls(&'static str, &'static str, usize),
    /// The arms of a match in a file: a code, its words and advice.
    Arms(&'static str, &'static str),
    /// Pairs of a code and advice in a file.
    Pairs(&'static str),
    /// Values with a field `code`, in a file.
    Fields(&'static str),
    /// The access policies of a file.
    Cedar(&'static str),
    /// Bare codes in files of landing, explained in a file beside the documentation.
    Rows,
}

struct Section {
    title: &'static str,
    about: &'static str,
    origins: &'static [Origin],
}

use Origin::{Arms, Calls, Cedar, Enum, Fields, Pairs, Rows};

const SECTIONS: &[Section] = &[
    Section {
        title: "Why a query or an act is refused",
        about: "Nothing was done. `status` is `refused`, the exit status 2. What works in SQL: [what SQL works](../sql.md).",
        origins: &[
            Calls("crates/cloister-query/src", "Refusal::new", 0),
            Calls("crates/cloister-query/src", "Self::new", 0),
            Calls("crates/cloister-query/src", "refused", 0),
            Pairs("crates/cloister-query/src/refusal.rs"),
            Fields("crates/cloister-worker/src/work.rs"),
            Calls("crates/cloister-hub/src", "Reason::new", 0),
            Enum("crates/cloister-governance/src/parameter.rs", "ParameterError"),
            Enum("crates/cloister-governance/src/project.rs", "NotNow"),
            Enum("crates/cloister-governance/src/project.rs", "NotTheChecker"),
        ],
    },
    Section {
        title: "Why a result is held",
        about: "It ran; a checker must look before anything leaves. `status` is `held`, the exit status 3. Findings that a \
                policy has a checker judge hold under the rule's own code, below.",
        origins: &[Arms("crates/cloister-hub/src/answer.rs", "fn hold")],
    },
    Section {
        title: "Why a cell is suppressed",
        about: "The rule that `cells` of an answer names. Which rules a policy has, and with which numbers: \
                [the policies](policies.md).",
        origins: &[Enum("crates/cloister-disclosure/src/protect.rs", "Rule")],
    },
    Section {
        title: "What takes a permission away",
        about: "Access policies that forbid, whoever asks. Who may do what at all: [the matrix](../access-matrix.md).",
        origins: &[Cedar("policies/access/limits.cedar")],
    },
    Section {
        title: "Why the airlock does not do something",
        about: "States and steps: [the airlock](../airlock.md). Reason codes that checkers give are listed there.",
        origins: &[
            Enum("crates/cloister-airlock/src/refused.rs", "Refused"),
            Enum("crates/cloister-airlock/src/clear.rs", "NotCleared"),
        ],
    },
    Section {
        title: "Why a row did not land",
        about: "In `rejects.csv`, with file, row and column, never with the value.",
        origins: &[Rows],
    },
    Section {
        title: "Why an extract did not land",
        about: "Nothing of it is there.",
        origins: &[
            Calls("crates/cloister-landing/src", "LandingError::file", 1),
            Enum("crates/cloister-landing/src/error.rs", "LandingError"),
            Enum("crates/cloister-receiving/src/error.rs", "ReceivingError"),
            Enum("crates/cloister-pseudonym/src/people.rs", "PeopleError"),
        ],
    },
    Section {
        title: "What is wrong with a contract or a project",
        about: "All problems of a file are listed at once.",
        origins: &[
            Calls("crates/cloister-governance/src", "Problem::new", 0),
            Calls("crates/cloister-hub/src", "Problem::new", 0),
        ],
    },
    Section {
        title: "A table made elsewhere",
        about: "`cloister check`: what is wrong with the table, and why a protected one is held.",
        origins: &[
            Enum("crates/cloister-check/src/error.rs", "Problem"),
            Calls("crates/cloister-check/src", "Hold::new", 0),
        ],
    },
    Section {
        title: "The hub and its home",
        about: "Printed as `error[code]`, the exit status 1.",
        origins: &[
            Enum("crates/cloister-hub/src/error.rs", "HubError"),
            Enum("crates/cloister-store/src/error.rs", "StoreError"),
        ],
    },
    Section {
        title: "Accounts",
        about: "Passwords, tokens and roles.",
        origins: &[Enum("crates/cloister-identity/src/error.rs", "IdentityError")],
    },
    Section {
        title: "The audit log",
        about: "What `cloister audit verify` and `cloister verify` find.",
        origins: &[
            Enum("crates/cloister-audit/src/error.rs", "AuditError"),
            Enum("crates/cloister-audit/src/error.rs", "EventError"),
        ],
    },
    Section {
        title: "Over HTTP",
        about: "Problem details (RFC 9457), besides those of what was asked for. [The API](api.md).",
        origins: &[Calls("crates/cloister-http/src", "Problem::new", 1)],
    },
    Section {
        title: "The command line",
        about: "What it says itself, and what stands between it and a server.",
        origins: &[
            Enum("crates/cloister-client/src/error.rs", "ClientError"),
            Calls("crates/cloister-cli/src", "Fault::failed", 0),
            Calls("crates/cloister-cli/src", "Fault::refused", 0),
            Calls("crates/cloister-cli/src", "Self::failed", 0),
            Fields("crates/cloister-cli/src/target.rs"),
        ],
    },
];

/// What is said of a code, in all places that define it.
#[derive(Default)]
struct Entry {
    says: Vec<String>,
    more: Vec<String>,
}

/// Codes by name.
type Entries = BTreeMap<String, Entry>;

fn add(entries: &mut Entries, code: &str, says: Option<String>, more: Option<String>) {
    let is_code = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.');
    if code.is_empty() || code.ends_with('.') || !code.chars().all(is_code) {
        return;
    }
    let entry = entries.entry(code.to_owned()).or_default();
    for (text, list) in [(says, &mut entry.says), (more, &mut entry.more)] {
        if let Some(text) = text.filter(|t| !t.is_empty() && !list.contains(t)) {
            list.push(text);
        }
    }
}

/// The page.
pub(super) fn page(root: &Path) -> Result<String, String> {
    let mut out = title(
        "Codes",
        "Every answer that is no success carries a stable code, the same on the command line, over HTTP and in the \
         record. A code's words may change; the code does not. `…` stands for what is put in. No text holds anybody's data.\n",
    );
    out.push_str("\n## Exit statuses\n\n");
    out.push_str(&head(&["status", "means"]));
    for (status, means) in exit_statuses(root)? {
        out.push_str(&row(&[status, cell(&means)]));
    }
    for section in SECTIONS {
        let mut entries = Entries::new();
        for origin in section.origins {
            let mut found = Entries::new();
            read(root, origin, &mut found)?;
            if found.is_empty() {
                return Err(format!("{}: an origin of codes has none", section.title));
            }
            for (code, entry) in found {
                let there = entries.entry(code).or_default();
                for (texts, list) in [(entry.says, &mut there.says), (entry.more, &mut there.more)] {
                    for text in texts {
                        if !list.contains(&text) {
                            list.push(text);
                        }
                    }
                }
            }
        }
        out.push_str(&format!("\n## {}\n\n{}\n\n{}", section.title, section.about, table(&entries)));
    }
    Ok(out)
}

fn table(entries: &Entries) -> String {
    let joined = |texts: &[String]| texts.iter().map(|t| cell(t)).collect::<Vec<_>>().join("<br>");
    let more = entries.values().any(|e| !e.more.is_empty());
    let mut out = if more { head(&["code", "says", "what to do"]) } else { head(&["code", "says"]) };
    for (code, entry) in entries {
        let says =
            if entry.says.is_empty() { "*said where it happens*".to_owned() } else { joined(&entry.says) };
        let mut cells = vec![format!("`{code}`"), says];
        cells.extend(more.then(|| joined(&entry.more)));
        out.push_str(&row(&cells));
    }
    out
}

fn read(root: &Path, origin: &Origin, entries: &mut Entries) -> Result<(), String> {
    match origin {
        Enum(file, name) => of_enum(&product_text(&root.join(file))?, name, entries)
            .ok_or_else(|| format!("{file}: no codes of `{name}` are found")),
        Calls(folder, function, at) => {
            for file in product_files(&root.join(folder)) {
                for arguments in calls(&product_text(&file)?, function) {
                    let Some(code) = arguments.get(*at).and_then(|a| Some(literal(a)?.0)) else { continue };
                    let text = |n: usize| arguments.get(at + n).and_then(|a| written(a));
                    add(entries, &code, text(1), text(2));
                }
            }
            Ok(())
        }
        Arms(file, function) => of_arms(&product_text(&root.join(file))?, function, entries)
            .ok_or_else(|| format!("{file}: no arms of `{function}` are found")),
        Pairs(file) => {
            let text = product_text(&root.join(file))?;
            let after = text.match_indices("(\"").filter_map(|(at, _)| bracketed(text.get(at..)?));
            for pair in after.map(at_commas) {
                if let [code, advice] = pair.as_slice()
                    && let (Some((code, "")), Some(advice)) = (literal(code), written(advice))
                {
                    add(entries, &code, None, Some(advice));
                }
            }
            Ok(())
        }
        Fields(file) => {
            let text = product_text(&root.join(file))?;
            for after in text.split("code: ").skip(1) {
                let Some((code, rest)) = literal(after) else { continue };
                let field = |name: &str| written(rest.split_once(&format!(" {name}: "))?.1);
                add(entries, &code, field("message").or_else(|| field("text")), field("hint"));
            }
            Ok(())
        }
        Cedar(file) => {
            let text = std::fs::read_to_string(root.join(file)).map_err(|e| format!("{file}: {e}"))?;
            for (at, _) in text.match_indices("@id(") {
                let quoted = |head: &str| {
                    let after = text.get(at..)?.split_once(head)?.1;
                    Some(literal(after)?.0)
                };
                let code = quoted("@id(").ok_or_else(|| format!("{file}: an id is not a text"))?;
                add(entries, &code, quoted("@reason("), None);
            }
            Ok(())
        }
        Rows => of_rows(root, entries),
    }
}

/// Variants with documentation and words, and the codes that `fn code` gives them.
fn of_enum(text: &str, name: &str, entries: &mut Entries) -> Option<()> {
    let mut variants = BTreeMap::new();
    for variant in at_commas(block(text, &format!("enum {name}"))?) {
        let head = variant.lines().map(str::trim).skip_while(|l| l.is_empty());
        let doc = head.map_while(|l| l.strip_prefix("///")).map(str::trim);
        let doc = doc.take_while(|l| !l.is_empty()).collect::<Vec<_>>().join(" ");
        let words = variant.split_once("#[error(").and_then(|(_, rest)| literal(rest.trim_start()));
        let mut rest = variant;
        loop {
            rest = rest.trim_start();
            rest = match (rest.strip_prefix('#'), rest.starts_with("///")) {
                (Some(attribute), _) => attribute.get(bracketed(attribute)?.len() + 2..)?,
                (None, true) => rest.split_once('\n')?.1,
                (None, false) => break,
            };
        }
        let end = rest.find(|c: char| !c.is_alphanumeric()).unwrap_or(rest.len());
        variants.insert(rest.get(..end)?, (doc, words.map(|(w, _)| template(&w))));
    }
    let arms = text.split("fn code(").skip(1).filter_map(|after| bracketed(after.get(after.find('{')?..)?));
    let codes = arms.flat_map(|body| body.find("match self").and_then(|at| body.get(at..)));
    for body in codes.filter_map(|m| bracketed(m.get(m.find('{')?..)?)) {
        for arm in at_commas(body) {
            let Some((patterns, value)) = arm.rsplit_once("=>") else { continue };
            let Some((code, _)) = literal(value.trim()) else { continue };
            let named = patterns.split("Self::").skip(1);
            let named = named.filter_map(|p| p.split(|c: char| !c.is_alphanumeric()).next());
            // Of a file's enums, the one whose variants these are.
            for (doc, words) in named.filter_map(|n| variants.get(n)) {
                // Where the words are nothing but what is put in, the documentation says more.
                let spoken = |w: &&String| w.chars().filter(|c| c.is_alphabetic()).count() >= 8;
                let says = words.as_ref().filter(spoken).unwrap_or(doc);
                add(entries, &code, Some(says.clone()), None);
            }
        }
    }
    (!entries.is_empty()).then_some(())
}

/// `"code" => ("words", "advice")`.
fn of_arms(text: &str, function: &str, entries: &mut Entries) -> Option<()> {
    let after = text.split_once(&format!("{function}("))?.1;
    let body = bracketed(after.get(after.find('{')?..)?)?;
    let arms = bracketed(body.get(body.find("match")?..)?.split_once(' ')?.1.split_once(' ')?.1)?;
    for arm in at_commas(arms) {
        let Some((code, value)) = arm.split_once("=>") else { continue };
        let (Some((code, _)), Some(texts)) = (literal(code.trim()), bracketed(value.trim())) else {
            continue;
        };
        let texts = at_commas(texts);
        add(entries, &code, texts.first().and_then(|t| written(t)), texts.get(1).and_then(|t| written(t)));
    }
    (!entries.is_empty()).then_some(())
}

/// What rows are rejected for: bare codes in the code, sentences in `docs/reject-codes.toml`; each has the other.
fn of_rows(root: &Path, entries: &mut Entries) -> Result<(), String> {
    let file = "docs/reject-codes.toml";
    let text = std::fs::read_to_string(root.join(file)).map_err(|e| format!("{file}: {e}"))?;
    let sentences: BTreeMap<String, String> = toml::from_str(&text).map_err(|e| format!("{file}: {e}"))?;
    let mut codes = BTreeSet::new();
    for source in ["column", "identity", "pipeline", "land"] {
        let text = product_text(&root.join(format!("crates/cloister-landing/src/{source}.rs")))?;
        for before in ["Err(", "ok_or(", "map_err(|_| ", "map_err(|()| ", "code: ", "column, "] {
            let after = text.split(before).skip(1);
            codes.extend(after.filter_map(|a| Some(literal(a)?.0)).filter(|c| c != "internal"));
        }
    }
    if codes.is_empty() || !codes.iter().eq(sentences.keys()) {
        let known: Vec<_> = sentences.keys().collect();
        return Err(format!("{file} explains {known:?}; rows are rejected for {codes:?}"));
    }
    for (code, sentence) in sentences {
        add(entries, &code, Some(sentence), None);
    }
    Ok(())
}

/// The command line's exit statuses, by number.
fn exit_statuses(root: &Path) -> Result<BTreeMap<String, String>, String> {
    let text = product_text(&root.join("crates/cloister-cli/src/exit.rs"))?;
    let mut statuses =
        BTreeMap::from([("0".to_owned(), "Done; of a query: released, created or dropped.".to_owned())]);
    let mut doc = String::new();
    for line in text.lines() {
        if let Some(said) = line.strip_prefix("/// ") {
            doc = said.to_owned();
        } else if let Some((_, number)) = line.split_once(": u8 = ") {
            statuses.insert(number.trim_end_matches(';').to_owned(), doc.clone());
        }
    }
    if statuses.len() < 5 { Err("the exit statuses are not found".to_owned()) } else { Ok(statuses) }
}
