//! How far a landing is: bars on a terminal, plain lines otherwise.

use crate::text::thousands;
use cloister_landing::Progress;
use indicatif::{HumanBytes, HumanCount, ProgressBar, ProgressState, ProgressStyle};
use std::fmt::Write as _;
use std::io::IsTerminal;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// Tells people on standard error.
pub(crate) struct Bars {
    terminal: bool,
    current: Mutex<Option<Current>>,
    rows: AtomicU64,
}

struct Current {
    name: String,
    began: Instant,
    bar: ProgressBar,
}

impl Bars {
    pub(crate) fn new() -> Self {
        Self { terminal: std::io::stderr().is_terminal(), current: Mutex::new(None), rows: AtomicU64::new(0) }
    }
}

fn style() -> ProgressStyle {
    let form = "  {prefix:18} {bar:28} {percent:>3}% {bytes:>10} of {total_bytes:<10} {msg} {left}";
    let left = |state: &ProgressState, out: &mut dyn std::fmt::Write| {
        let _ = write!(out, "{}s left", state.eta().as_secs());
    };
    ProgressStyle::with_template(form)
        .map_or_else(|_| ProgressStyle::default_bar(), |s| s.with_key("left", left).progress_chars("━━─"))
}

impl Progress for Bars {
    fn table(&self, name: &str, bytes: u64) {
        self.rows.store(0, Ordering::Relaxed);
        let bar =
            if self.terminal { ProgressBar::new(bytes).with_style(style()) } else { ProgressBar::hidden() };
        bar.set_prefix(name.to_owned());
        if !self.terminal {
            eprintln!("  {name}: reading {}", HumanBytes(bytes));
        }
        if let Ok(mut current) = self.current.lock() {
            *current = Some(Current { name: name.to_owned(), began: Instant::now(), bar });
        }
    }

    fn advance(&self, bytes: u64, rows: u64) {
        let total = self.rows.fetch_add(rows, Ordering::Relaxed) + rows;
        if let Ok(current) = self.current.lock()
            && let Some(current) = current.as_ref()
            && self.terminal
        {
            current.bar.inc(bytes);
            let rate = total as f64 / current.began.elapsed().as_secs_f64().max(0.001);
            let mut text = String::new();
            let _ = write!(text, "{} rows {}/s", HumanCount(total), HumanCount(rate as u64));
            current.bar.set_message(text);
        }
    }

    fn done(&self, rows: u64, rejected: u64) {
        let Ok(mut current) = self.current.lock() else { return };
        let Some(current) = current.take() else { return };
        current.bar.finish_and_clear();
        let seconds = current.began.elapsed().as_secs_f64().max(0.001);
        let rate = thousands(((rows + rejected) as f64 / seconds) as u64);
        eprintln!(
            "  {}: {} rows landed, {} rejected, {rate} rows/s",
            current.name,
            thousands(rows),
            thousands(rejected)
        );
    }
}
