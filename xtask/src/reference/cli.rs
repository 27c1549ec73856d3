//! The pages of the command line and of the settings, from what the programs print.

use super::markdown::title;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Options of every command, which its own page would only repeat.
const EVERYWHERE: [&str; 5] = ["--home", "--server", "--ca-file", "--token-file", "-h, --help"];

/// The programs that were built.
pub(super) struct Programs {
    folder: PathBuf,
}

impl Programs {
    /// Those in a folder.
    pub(super) fn in_folder(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    /// A program, with none of this shell's settings.
    pub(super) fn command(&self, name: &str) -> Command {
        let mut command = Command::new(self.folder.join(name));
        for (key, _) in std::env::vars_os() {
            if key.to_string_lossy().starts_with("CLOISTER_") || key == "COLUMNS" {
                command.env_remove(key);
            }
        }
        command
    }

    /// What a program prints.
    pub(super) fn prints(&self, name: &str, arguments: &[&str]) -> Result<String, String> {
        let output = self.command(name).args(arguments).output();
        let output = output.map_err(|e| format!("{}: {e}", self.folder.join(name).display()))?;
        if !output.status.success() {
            return Err(format!(
                "{name} {}: {}",
                arguments.join(" "),
                String::from_utf8_lossy(&output.stderr)
            ));
        }
        let text = String::from_utf8(output.stdout).map_err(|e| format!("{name}: {e}"))?;
        Ok(text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n"))
    }
}

/// The page of `cloister`.
pub(super) fn page(programs: &Programs) -> Result<String, String> {
    let mut out = title(
        "The command line",
        "What `cloister help` says of every command. The options of the first list are every command's, and are not \
         repeated. Exit statuses and codes: [codes](codes.md).\n",
    );
    let top = programs.prints("cloister", &["--help"])?;
    out.push_str(&format!("\n```text\n{top}\n```\n"));
    for name in commands(&top) {
        describe(programs, &mut vec![name], &mut out)?;
    }
    Ok(out)
}

fn describe(programs: &Programs, path: &mut Vec<String>, out: &mut String) -> Result<(), String> {
    let mut arguments: Vec<&str> = path.iter().map(String::as_str).collect();
    arguments.push("--help");
    let help = programs.prints("cloister", &arguments)?;
    let level = if path.len() == 1 { "##" } else { "###" };
    out.push_str(&format!("\n{level} cloister {}\n\n```text\n{}\n```\n", path.join(" "), own(&help)));
    for name in commands(&help) {
        path.push(name);
        describe(programs, path, out)?;
        path.pop();
    }
    Ok(())
}

/// The commands that a help lists.
fn commands(help: &str) -> Vec<String> {
    let listed = help.lines().skip_while(|l| *l != "Commands:").skip(1).take_while(|l| !l.is_empty());
    let named = listed.filter(|l| l.starts_with("  ") && !l.starts_with("   "));
    let names = named.filter_map(|l| l.split_whitespace().next()).filter(|n| *n != "help");
    names.map(str::to_owned).collect()
}

/// A help without what is every command's.
fn own(help: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let mut skipping = false;
    for line in help.lines() {
        let text = line.trim_start();
        if line.starts_with(' ') && line.len() - text.len() <= 6 && text.starts_with('-') {
            skipping = EVERYWHERE.iter().any(|o| text.starts_with(o));
        } else if !line.is_empty() && !line.starts_with(' ') {
            skipping = false;
        }
        if !skipping {
            kept.push(line);
        }
    }
    while kept.last().is_some_and(|l| l.is_empty() || *l == "Options:") {
        kept.pop();
    }
    kept.join("\n")
}

/// The page of settings.
pub(super) fn settings(programs: &Programs, home: &Path) -> Result<String, String> {
    let hub = std::fs::read_to_string(home.join("hub.toml")).map_err(|e| format!("hub.toml: {e}"))?;
    let server = programs.prints("cloisterd", &["--example"])?;
    let about = "Two files: what a hub does, and how it is served. Each holds its explanations.\n";
    Ok(format!(
        "{}\n## The hub: `hub.toml`\n\nAs `cloister init --name docs` writes it into the home.\n\n```toml\n{}\n```\n\n\
         ## The server: `cloisterd.toml`\n\nAs `cloisterd --example` prints it; `cloisterd --check` says whether yours is \
         right.\n\n```toml\n{}\n```\n",
        title("Settings", about),
        hub.trim_end(),
        server.trim_end()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_every_command_has_is_left_out() {
        let help = "Does it\n\nUsage: x\n\nOptions:\n      --home <DIR>\n          The hub\n          \n      --as <USER>\n          Who\n\n  -h, --help\n          Print help";
        assert_eq!(own(help), "Does it\n\nUsage: x\n\nOptions:\n      --as <USER>\n          Who");
        assert_eq!(commands("A\n\nCommands:\n  run   Runs\n        on\n  help  Print\n\nOptions:"), ["run"]);
    }
}
