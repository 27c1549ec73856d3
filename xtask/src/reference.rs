//! The generated pages of the documentation, and whether those that are there are what would be generated.

mod api;
mod cli;
mod codes;
mod markdown;
mod policies;
mod satre;
mod source;

use std::path::Path;

/// A page: its file below `docs/reference`, and its text.
type Page = (&'static str, String);

/// The pages that are made from source and data alone.
pub fn from_source(root: &Path) -> Result<Vec<Page>, String> {
    Ok(vec![
        ("codes.md", codes::page(root)?),
        ("policies.md", policies::page(root)?),
        ("satre.md", satre::page(root)?),
    ])
}

/// The pages that are what programs say of themselves. `folder` is empty, and may be filled.
pub fn from_programs(programs: &Path, folder: &Path) -> Result<Vec<Page>, String> {
    let programs = cli::Programs::in_folder(programs);
    let home = folder.join("hub");
    programs.prints("cloister", &["--home", &home.to_string_lossy(), "init", "--name", "docs"])?;
    Ok(vec![
        ("cli.md", cli::page(&programs)?),
        ("settings.md", cli::settings(&programs, &home)?),
        ("api.md", api::page(&api::description(&programs, folder)?)?),
    ])
}

/// Writes pages.
pub fn write(root: &Path, pages: &[Page]) -> Result<(), String> {
    for (name, text) in pages {
        let path = root.join("docs/reference").join(name);
        std::fs::write(&path, text).map_err(|e| format!("{}: {e}", path.display()))?;
    }
    Ok(())
}

/// The pages that are not as they would be generated.
pub fn problems(root: &Path, pages: &[Page]) -> Vec<String> {
    let differs = |(name, text): &&Page| {
        std::fs::read_to_string(root.join("docs/reference").join(name)).ok().as_ref() != Some(text)
    };
    let told = |(name, _): &Page| {
        format!(
            "docs/reference/{name} is not what the code says: `cargo run -p xtask -- reference` writes it anew"
        )
    };
    pages.iter().filter(differs).map(told).collect()
}
