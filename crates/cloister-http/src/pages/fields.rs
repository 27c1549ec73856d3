//! Fields of forms, each with its label, its hint, and nothing that needs a script.

use super::visitor::Visitor;
use maud::{Markup, html};

/// The session's own word, which every form sends.
pub(crate) fn word(visitor: &Visitor) -> Markup {
    html! { input type="hidden" name="_word" value=(visitor.session.word()); }
}

/// A hidden value.
pub(crate) fn hidden(name: &str, value: &str) -> Markup {
    html! { input type="hidden" name=(name) value=(value); }
}

/// A field for a line of text.
pub(crate) struct Line<'a> {
    pub(crate) name: &'a str,
    pub(crate) label: &'a str,
    pub(crate) hint: &'a str,
    pub(crate) value: &'a str,
    pub(crate) kind: &'a str,
    pub(crate) autocomplete: &'a str,
    pub(crate) width: u8,
}

impl Default for Line<'_> {
    fn default() -> Self {
        Self { name: "", label: "", hint: "", value: "", kind: "text", autocomplete: "off", width: 20 }
    }
}

impl Line<'_> {
    pub(crate) fn render(&self) -> Markup {
        let hint = format!("{}-hint", self.name);
        let hinted = !self.hint.is_empty();
        html! {
            div.nhsuk-form-group {
                label.nhsuk-label for=(self.name) { (self.label) }
                @if hinted { div.nhsuk-hint id=(hint) { (self.hint) } }
                input class={ "nhsuk-input nhsuk-input--width-" (self.width) } id=(self.name) name=(self.name) type=(self.kind) value=(self.value)
                    autocomplete=(self.autocomplete) spellcheck="false" autocapitalize="none" aria-describedby=[hinted.then_some(hint.as_str())];
            }
        }
    }
}

/// A field for several lines.
pub(crate) fn area(name: &str, label: &str, hint: &str, value: &str, rows: u8, code: bool) -> Markup {
    let id = format!("{name}-hint");
    let class = if code { "nhsuk-textarea app-code" } else { "nhsuk-textarea" };
    html! {
        div.nhsuk-form-group {
            label.nhsuk-label for=(name) { (label) }
            @if !hint.is_empty() { div.nhsuk-hint id=(id) { (hint) } }
            textarea class=(class) id=(name) name=(name) rows=(rows) spellcheck=(if code { "false" } else { "true" })
                aria-describedby=[(!hint.is_empty()).then_some(id.as_str())] { (value) }
        }
    }
}

/// A choice of one from a list.
pub(crate) fn select(name: &str, label: &str, options: &[(&str, &str)], chosen: &str) -> Markup {
    html! {
        div.nhsuk-form-group {
            label.nhsuk-label for=(name) { (label) }
            select.nhsuk-select id=(name) name=(name) {
                @for (value, text) in options { option value=(value) selected[*value == chosen] { (text) } }
            }
        }
    }
}

/// A choice of several.
pub(crate) fn checkboxes(name: &str, legend: &str, options: &[(&str, &str)], chosen: &[String]) -> Markup {
    html! {
        div.nhsuk-form-group {
            fieldset.nhsuk-fieldset {
                legend.nhsuk-fieldset__legend { (legend) }
                div.nhsuk-checkboxes.nhsuk-checkboxes--small {
                    @for (value, text) in options {
                        @let id = format!("{name}-{value}");
                        div.nhsuk-checkboxes__item {
                            input.nhsuk-checkboxes__input id=(id) name=(name) type="checkbox" value=(value) checked[chosen.iter().any(|c| c == value)];
                            label.nhsuk-label.nhsuk-checkboxes__label for=(id) { (text) }
                        }
                    }
                }
            }
        }
    }
}

/// The button that sends a form; `act` says what for where a form has several.
pub(crate) fn button(act: &str, label: &str, kind: &str) -> Markup {
    let class = match kind {
        "secondary" => "nhsuk-button nhsuk-button--secondary",
        "warning" => "nhsuk-button nhsuk-button--warning",
        _ => "nhsuk-button",
    };
    html! {
        button class=(class) type="submit" name=[(!act.is_empty()).then_some("act")] value=[(!act.is_empty()).then_some(act)]
            data-module="nhsuk-button" data-prevent-double-click="true" { (label) }
    }
}
