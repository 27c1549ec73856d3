//! The page of the API, from the description that a server gives of itself.

use super::cli::Programs;
use super::markdown::{cell, head, row, title};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Duration;

/// A server that ends with the value.
struct Served(Child);

impl Drop for Served {
    fn drop(&mut self) {
        // It holds nothing that anybody wants.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts a server of a new hub and asks it what it can do.
pub(super) fn description(programs: &Programs, folder: &Path) -> Result<Value, String> {
    let settings = folder.join("cloisterd.toml");
    let text = "home = \"hub\"\norigin = \"http://127.0.0.1\"\nlisten = \"127.0.0.1:0\"\n[log]\nfilter = \"error\"\n";
    std::fs::write(&settings, text).map_err(|e| format!("{}: {e}", settings.display()))?;
    let mut command = programs.command("cloisterd");
    let spawned = command.arg("--config").arg(&settings).stdout(Stdio::piped()).spawn();
    let mut served = Served(spawned.map_err(|e| format!("cloisterd: {e}"))?);
    let mut line = String::new();
    let printed = served.0.stdout.take().ok_or("cloisterd has no output")?;
    BufReader::new(printed).read_line(&mut line).map_err(|e| format!("cloisterd: {e}"))?;
    let address = line.split_whitespace().last().ok_or("cloisterd says no address")?;
    let answer = get(address, "/v1/openapi.json").map_err(|e| format!("{address}: {e}"))?;
    let (_, body) = answer.split_once("\r\n\r\n").ok_or("the server's answer has no body")?;
    serde_json::from_str(body).map_err(|e| format!("openapi.json: {e}"))
}

fn get(address: &str, path: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    // HTTP/1.0: the body is whole when the connection ends.
    write!(stream, "GET {path} HTTP/1.0\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

/// The page.
pub(super) fn page(description: &Value) -> Result<String, String> {
    let paths =
        description.get("paths").and_then(Value::as_object).ok_or("the API's description has no paths")?;
    let mut by_tag: BTreeMap<&str, Vec<(&str, String, &Value)>> = BTreeMap::new();
    for (path, operations) in paths {
        for (method, operation) in operations.as_object().into_iter().flatten() {
            let tag = operation.pointer("/tags/0").and_then(Value::as_str).unwrap_or("other");
            by_tag.entry(tag).or_default().push((path, method.to_uppercase(), operation));
        }
    }
    let mut out = title(
        "The API",
        "JSON over HTTP under `/v1`, described by the server itself: `/v1/openapi.json` is OpenAPI 3.1, and `/docs/api` of \
         a hub is a page of it. Send an access token (`Authorization: Bearer …`), which a person makes on their account's page or \
         `cloister sign-in` gets. What a route answers where it does not succeed is a problem (RFC 9457) with a code of \
         [this list](codes.md). *Open*: nobody needs to sign in.\n",
    );
    for (tag, operations) in &by_tag {
        out.push_str(&format!("\n## {tag}\n\n"));
        out.push_str(&head(&["route", "what it does", "takes", "answers"]));
        for (path, method, operation) in operations {
            out.push_str(&operation_row(path, method, operation));
        }
    }
    let schemas = description.pointer("/components/schemas").and_then(Value::as_object);
    let schemas: BTreeMap<&String, &Value> =
        schemas.ok_or("the API's description has no schemas")?.iter().collect();
    out.push_str("\n## What is sent and answered\n");
    for (name, schema) in schemas {
        out.push_str(&schema_section(name, schema));
    }
    Ok(out)
}

fn operation_row(path: &str, method: &str, operation: &Value) -> String {
    let text = |key| operation.get(key).and_then(Value::as_str).unwrap_or_default();
    let open = operation.get("security").and_then(Value::as_array);
    let open = open.is_some_and(|s| s.iter().any(|way| way.as_object().is_some_and(Map::is_empty)));
    let what = format!(
        "{}{}",
        cell(&format!("{} {}", text("summary"), text("description"))),
        if open { " *Open.*" } else { "" }
    );
    let mut takes = Vec::new();
    for parameter in operation.get("parameters").and_then(Value::as_array).into_iter().flatten() {
        let place = parameter.get("in").and_then(Value::as_str).unwrap_or_default();
        if place != "path" {
            let name = parameter.get("name").and_then(Value::as_str).unwrap_or_default();
            let said = parameter.get("description").and_then(Value::as_str).unwrap_or_default();
            takes.push(format!("`{name}` ({place}) {}", cell(said)));
        }
    }
    let body = operation.pointer("/requestBody/content").and_then(Value::as_object);
    takes.extend(body.into_iter().flatten().filter_map(|(_, c)| Some(kind(c.get("schema")?))));
    let mut answers = Vec::new();
    for (status, answer) in operation.get("responses").and_then(Value::as_object).into_iter().flatten() {
        if status.starts_with('2') {
            let content = answer.get("content").and_then(Value::as_object).into_iter().flatten();
            let kinds: Vec<_> = content.filter_map(|(_, c)| Some(kind(c.get("schema")?))).collect();
            answers.push(format!("{status} {}", kinds.join(", ")));
        }
    }
    row(&[format!("`{method} {path}`"), what, takes.join("<br>"), answers.join("<br>")])
}

/// A schema in a few words.
fn kind(schema: &Value) -> String {
    let Some(schema) = schema.as_object() else { return "anything".to_owned() };
    if let Some(name) = schema.get("$ref").and_then(Value::as_str).and_then(|r| r.rsplit('/').next()) {
        return format!("[{name}](#{})", name.to_lowercase());
    }
    for key in ["oneOf", "anyOf", "allOf"] {
        if let Some(of) = schema.get(key).and_then(Value::as_array) {
            return of.iter().map(kind).collect::<Vec<_>>().join(" or ");
        }
    }
    if let Some(values) = schema.get("enum").and_then(Value::as_array) {
        let values = values.iter().filter_map(Value::as_str).map(|v| format!("`{v}`"));
        return values.collect::<Vec<_>>().join(", ");
    }
    let named = match schema.get("type") {
        Some(Value::String(name)) => name.clone(),
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" or "),
        _ => "anything".to_owned(),
    };
    match schema.get("items") {
        Some(items) => format!("list of {}", kind(items)),
        None => named,
    }
}

fn schema_section(name: &str, schema: &Value) -> String {
    let mut out = format!("\n### {name}\n\n");
    if let Some(said) = schema.get("description").and_then(Value::as_str) {
        out.push_str(&format!("{}\n\n", cell(said)));
    }
    let required: Vec<&str> = schema
        .get("required")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else {
        out.push_str(&format!("{}\n", kind(schema)));
        return out;
    };
    out.push_str(&head(&["field", "is", "what"]));
    for (field, of) in properties {
        let said = of.get("description").and_then(Value::as_str).unwrap_or_default();
        let absent = if required.contains(&field.as_str()) { "" } else { " (may be absent)" };
        out.push_str(&row(&[format!("`{field}`"), format!("{}{absent}", kind(of)), cell(said)]));
    }
    out
}
