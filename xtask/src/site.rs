//! The documentation as a site: whether its links lead anywhere, and its pages in one folder for mdBook.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

/// Files of the repository that pages link to, below this folder of the site.
const REPOSITORY: &str = "repository";

/// A link of a page.
#[derive(Debug, PartialEq, Eq)]
struct Link {
    /// Where its target stands in the page.
    at: usize,
    target: String,
}

/// Pages that lead nowhere, or that nothing leads to.
pub fn problems(root: &Path) -> Vec<String> {
    let docs = root.join("docs");
    let mut problems = Vec::new();
    let mut pages = files(&docs);
    pages.retain(|f| f.extension().is_some_and(|e| e == "md"));
    let summary = docs.join("SUMMARY.md");
    let listed: BTreeSet<PathBuf> = match std::fs::read_to_string(&summary) {
        Ok(text) => links(&text).iter().filter_map(|l| resolved(&summary, &l.target)).collect(),
        Err(e) => return vec![format!("docs/SUMMARY.md: {e}")],
    };
    for page in &pages {
        if *page != summary && !listed.contains(page) {
            problems.push(format!("{} is not in docs/SUMMARY.md", name_of(root, page)));
        }
    }
    pages.push(root.join("README.md"));
    for page in pages {
        let text = std::fs::read_to_string(&page).unwrap_or_default();
        for link in links(&text) {
            problems.extend(
                broken(root, &page, &link)
                    .map(|why| format!("{}: `{}` {why}", name_of(root, &page), link.target)),
            );
        }
    }
    problems
}

/// What is wrong with a link.
fn broken(root: &Path, page: &Path, link: &Link) -> Option<String> {
    let (path, anchor) =
        link.target.split_once('#').map_or((link.target.as_str(), None), |(p, a)| (p, Some(a)));
    let target = if path.is_empty() { page.to_owned() } else { resolved(page, path)? };
    if !target.starts_with(root) || !target.exists() {
        return Some("leads nowhere".to_owned());
    }
    // A site has no page for a folder.
    if page.starts_with(root.join("docs")) && target.is_dir() {
        return Some("is a folder".to_owned());
    }
    let anchor = anchor.filter(|_| target.extension().is_some_and(|e| e == "md"))?;
    let text = std::fs::read_to_string(&target).unwrap_or_default();
    (!anchors(&text).contains(anchor)).then(|| "has no such heading".to_owned())
}

/// Copies the pages, and the files of the repository that they link to, into one folder.
pub fn stage(root: &Path, to: &Path) -> Result<(), String> {
    let docs = root.join("docs");
    let wrong = |path: &Path, e: std::io::Error| format!("{}: {e}", path.display());
    if to.exists() {
        std::fs::remove_dir_all(to).map_err(|e| wrong(to, e))?;
    }
    for file in files(&docs) {
        let inside = file.strip_prefix(&docs).unwrap_or(&file);
        let copy = to.join(inside);
        make_room(&copy)?;
        if file.extension().is_none_or(|e| e != "md") {
            std::fs::copy(&file, &copy).map_err(|e| wrong(&file, e))?;
            continue;
        }
        let mut text = std::fs::read_to_string(&file).map_err(|e| wrong(&file, e))?;
        // From the last one on, so that the places of the others stay.
        for link in links(&text).iter().rev() {
            let Some(target) = resolved(&file, &link.target) else { continue };
            let is_page =
                target.starts_with(&docs) && target.extension().is_some_and(|e| e == "md" || e == "png");
            if is_page || !target.is_file() {
                continue;
            }
            // mdBook takes whatever holds `.md` for a page.
            let name = format!("{}.txt", name_of(root, &target).replace(".md", "-md"));
            let place = to.join(REPOSITORY).join(&name);
            make_room(&place)?;
            std::fs::copy(&target, &place).map_err(|e| wrong(&target, e))?;
            let up = "../".repeat(inside.components().count().saturating_sub(1));
            text.replace_range(link.at..link.at + link.target.len(), &format!("{up}{REPOSITORY}/{name}"));
        }
        std::fs::write(&copy, text).map_err(|e| wrong(&copy, e))?;
    }
    Ok(())
}

fn make_room(file: &Path) -> Result<(), String> {
    let folder = file.parent().unwrap_or(file);
    std::fs::create_dir_all(folder).map_err(|e| format!("{}: {e}", folder.display()))
}

fn name_of(root: &Path, path: &Path) -> String {
    path.strip_prefix(root).unwrap_or(path).display().to_string()
}

/// A relative link's file; `None` where it leads to another site.
fn resolved(page: &Path, target: &str) -> Option<PathBuf> {
    let path = target.split('#').next().unwrap_or_default();
    if path.is_empty() || path.contains("://") || path.starts_with("mailto:") {
        return None;
    }
    let mut out = page.parent()?.to_owned();
    for part in Path::new(path).components() {
        match part {
            Component::ParentDir => drop(out.pop()),
            Component::Normal(name) => out.push(name),
            Component::CurDir => {}
            Component::RootDir | Component::Prefix(_) => return Some(PathBuf::from(path)),
        }
    }
    Some(out)
}

/// The links of a page: `](target)`, outside code.
fn links(text: &str) -> Vec<Link> {
    let mut found = Vec::new();
    let (mut at, mut fenced) = (0, false);
    for line in text.split_inclusive('\n') {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if !fenced {
            let mut code = false;
            for (place, c) in line.char_indices() {
                code ^= c == '`';
                let opened = (!code).then(|| line.get(place..)?.strip_prefix("](")).flatten();
                if let Some((target, _)) = opened.and_then(|rest| rest.split_once(')')) {
                    found.push(Link { at: at + place + 2, target: target.to_owned() });
                }
            }
        }
        at += line.len();
    }
    found
}

/// The anchors of a page's headings, as mdBook and forges make them.
fn anchors(text: &str) -> BTreeSet<String> {
    let mut fenced = false;
    let headings = text.lines().filter(|l| {
        fenced ^= l.starts_with("```");
        !fenced && l.starts_with('#')
    });
    let anchor = |heading: &str| -> String {
        let words = heading.trim_start_matches('#').trim().to_lowercase();
        let kept = words.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
        kept.map(|c| if c == ' ' { '-' } else { c }).collect()
    };
    headings.map(anchor).collect()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for path in std::fs::read_dir(folder).into_iter().flatten().flatten().map(|e| e.path()) {
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_found_outside_code() {
        let text = "[a](b.md) `[no](x)` ![i](images/i.png)\n```\n[no](y)\n```\n[c](d.md#e)\n";
        let found: Vec<_> = links(text).into_iter().map(|l| l.target).collect();
        assert_eq!(found, ["b.md", "images/i.png", "d.md#e"]);
        assert!(links(text).iter().all(|l| text[l.at..].starts_with(&l.target)));
    }

    #[test]
    fn headings_have_anchors() {
        let text = "# What is not defended\n```\n# no\n```\n## The hub: `hub.toml`\n";
        assert_eq!(
            anchors(text).into_iter().collect::<Vec<_>>(),
            ["the-hub-hubtoml", "what-is-not-defended"]
        );
    }

    #[test]
    fn what_leads_nowhere_is_told() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let told = |target: &str| {
            broken(root, &root.join("docs/sql.md"), &Link { at: 0, target: target.to_owned() })
        };
        for good in ["architecture.md", "architecture.md#rooms", "../README.md", "https://example.org/x"] {
            assert_eq!(told(good), None, "{good}");
        }
        for bad in ["no-such.md", "architecture.md#no-such", "adr", "../../outside.md"] {
            assert!(told(bad).is_some(), "{bad}");
        }
    }
}
