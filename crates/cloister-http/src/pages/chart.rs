//! A released table as a picture: bars of its first number by its first label. Drawn here, without a script.

use super::answer::Column;
use maud::{Markup, html};
use serde_json::Value as Json;

/// More bars than this are no picture any more.
const BARS_MAX: usize = 40;

/// The bars of a released answer, if it can be drawn: one column of labels, and a number.
pub(crate) fn bars(columns: &[Column], rows: &[Vec<Json>]) -> Option<Markup> {
    let label = columns.iter().position(|c| c.role == "key")?;
    let number = columns.iter().position(|c| c.role != "key")?;
    if columns.iter().filter(|c| c.role == "key").count() != 1 || rows.is_empty() || rows.len() > BARS_MAX {
        return None;
    }
    let bars: Vec<(String, Option<f64>)> = rows
        .iter()
        .map(|row| {
            let name = match row.get(label) {
                Some(Json::String(text)) => text.clone(),
                Some(Json::Null) | None => "(none)".to_owned(),
                Some(other) => other.to_string(),
            };
            (name, row.get(number).and_then(Json::as_f64))
        })
        .collect();
    if bars.iter().any(|(_, value)| value.is_some_and(|v| v < 0.0)) {
        return None;
    }
    let most = bars.iter().filter_map(|(_, v)| *v).fold(0.0, f64::max);
    if most <= 0.0 {
        return None;
    }
    let (left, width, step) = (220.0, 560.0, 26.0);
    let height = step * f64::from(u32::try_from(bars.len()).ok()?) + 16.0;
    let name = columns.get(number).map_or("", |c| c.name.as_str());
    let by = columns.get(label).map_or("", |c| c.name.as_str());
    Some(html! {
        figure {
            svg.app-chart viewBox={ "0 0 860 " (height) } width="860" height=(height) role="img" aria-label={ "Bars of " (name) " by " (by) "; the table above says the same." } {
                @for (i, (label, value)) in bars.iter().enumerate() {
                    @let y = 8.0 + step * f64::from(u32::try_from(i).unwrap_or_default());
                    text x=(left - 8.0) y=(y + 17.0) text-anchor="end" { (short(label)) }
                    @match value {
                        Some(value) => {
                            rect.bar x=(left) y=(y + 3.0) width=(format!("{:.1}", width * value / most)) height="18" {}
                            text x=(format!("{:.1}", left + width * value / most + 6.0)) y=(y + 17.0) { (plain(*value)) }
                        }
                        None => { text.none x=(left + 6.0) y=(y + 17.0) { "not shown" } }
                    }
                }
                line.axis x1=(left) y1="4" x2=(left) y2=(height - 4.0) {}
            }
            figcaption { (name) " by " (by) }
        }
    })
}

fn short(label: &str) -> String {
    let mut cut: String = label.chars().take(28).collect();
    if cut.len() < label.len() {
        cut.push('…');
    }
    cut
}

fn plain(value: f64) -> String {
    if value.fract() == 0.0 { format!("{value:.0}") } else { format!("{value:.2}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn column(name: &str, role: &str) -> Column {
        Column { name: name.to_owned(), role: role.to_owned() }
    }

    #[test]
    fn what_is_not_shown_has_no_bar() {
        let columns = [column("sex", "key"), column("n", "count")];
        let rows = [vec![json!("F<b>"), json!(20)], vec![json!("M"), Json::Null]];
        let drawn = bars(&columns, &rows).unwrap().into_string();
        assert_eq!(drawn.matches("<rect").count(), 1);
        assert!(drawn.contains("not shown") && drawn.contains("F&lt;b&gt;"));
        assert!(bars(&columns[1..], &rows).is_none() && bars(&columns, &[]).is_none());
        assert!(bars(&columns, &[vec![json!("F"), json!(-1)]]).is_none());
    }
}
