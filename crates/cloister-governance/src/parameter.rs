//! Parameters of a query: `$name` in its text, each with a declared domain, so that who approves the query
//! knows all that it may become.
//!
//! They stand in a comment at the head of the SQL, which stays valid SQL wherever it is read:
//!
//! ```sql
//! /* cloister:parameters
//! born_from = { type = "int", min = 1900, max = 2010, step = 10, value = 1950 }
//! sex = { type = "text", values = ["F", "M"] }
//! */
//! SELECT count(*) AS n FROM person WHERE birth_year >= $born_from AND sex = $sex
//! ```

mod domain;

pub use domain::{Decimal, Domain, ParameterType, Scalar};

use std::collections::BTreeMap;
use std::fmt::Write as _;

/// What a text with parameters begins with.
const HEAD: &str = "/* cloister:parameters";
/// The most parameters of one query.
const PARAMETERS_MAX: usize = 20;
/// The longest name, in bytes.
const NAME_BYTES_MAX: usize = 63;

/// What is wrong with a parameter. Texts name what the researcher wrote.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParameterError {
    /// The declaration cannot be read.
    #[error("The parameters are not declared as they must be: {0}.")]
    Form(String),
    /// A value or a placeholder without a declaration.
    #[error("The parameter `{0}` is not declared.")]
    Undeclared(String),
    /// Not of the declared type, or outside the domain.
    #[error("The value of the parameter `{0}` is not one of those declared: {1}.")]
    Outside(String, String),
    /// Declared, and not in the query.
    #[error("The parameter `{0}` is declared, and the query does not use it.")]
    Unused(String),
    /// Without a value.
    #[error("The parameter `{0}` has no value.")]
    Missing(String),
    /// Declared twice.
    #[error("The parameter `{0}` is declared twice.")]
    Twice(String),
}

impl ParameterError {
    /// A stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Form(_) | Self::Twice(_) => "parameter-form",
            Self::Undeclared(_) => "undeclared-parameter",
            Self::Outside(..) => "parameter-outside-domain",
            Self::Unused(_) => "unused-parameter",
            Self::Missing(_) => "missing-parameter",
        }
    }

    /// What the researcher can do.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Form(_) | Self::Twice(_) => {
                "For example --param-domain 'born_from=int:1900..2010:10' or --param-domain 'sex=text:F|M'."
            }
            Self::Undeclared(_) => {
                "Declare its type and domain: --param-domain 'born_from=int:1900..2010:10', or in the saved query."
            }
            Self::Outside(..) => "Choose a value from the declared domain.",
            Self::Unused(_) => "Leave its declaration out, or write it as $name.",
            Self::Missing(_) => "Give it with --param name=value.",
        }
    }
}

/// One parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// What it may be.
    pub domain: Domain,
    /// What it is, where that is decided.
    pub value: Option<Scalar>,
}

/// The parameters of one query, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parameters(BTreeMap<String, Parameter>);

impl Parameters {
    /// Takes the parameters off a text; the rest is the query.
    ///
    /// # Errors
    /// [`ParameterError::Form`] and, for a value, [`ParameterError::Outside`].
    pub fn split(text: &str) -> Result<(Self, &str), ParameterError> {
        let start = text.trim_start();
        let Some(rest) = start.strip_prefix(HEAD) else { return Ok((Self::default(), text)) };
        if !rest.starts_with(char::is_whitespace) {
            return Ok((Self::default(), text));
        }
        let (header, body) = rest
            .split_once("*/")
            .ok_or_else(|| ParameterError::Form("the comment with them does not end".to_owned()))?;
        let header: BTreeMap<String, domain::Written> = toml::from_str(header).map_err(|e| {
            let text = e.message().trim_end_matches('.').to_owned();
            ParameterError::Form(text)
        })?;
        let mut parameters = Self::default();
        for (name, written) in header {
            let value = written.value();
            let domain = written.domain().map_err(|text| form(&name, &text))?;
            parameters.add(&name, domain)?;
            if let Some(value) = value {
                parameters.set(&name, &value)?;
            }
        }
        Ok((parameters, body.strip_prefix('\n').unwrap_or(body)))
    }

    /// Declares a parameter: `int:1900..2010:10`, `number:0..1:0.1`, `date:2020-01-01..2024-12-31:7`,
    /// `text:F|M`, `bool`.
    ///
    /// # Errors
    /// [`ParameterError::Form`], [`ParameterError::Twice`].
    pub fn declare(&mut self, name: &str, domain: &str) -> Result<(), ParameterError> {
        let domain = Domain::parse(domain).map_err(|text| form(name, &text))?;
        self.add(name, domain)
    }

    /// Declares a parameter that has this value and no other, as if it were written in its place.
    ///
    /// # Errors
    /// [`ParameterError::Form`], [`ParameterError::Twice`], [`ParameterError::Outside`].
    pub fn fix(&mut self, name: &str, kind: ParameterType, value: &str) -> Result<(), ParameterError> {
        self.add(name, Domain::only(kind, value).map_err(|text| form(name, &text))?)?;
        self.set(name, value)
    }

    fn add(&mut self, name: &str, domain: Domain) -> Result<(), ParameterError> {
        let letters = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
        if name.is_empty()
            || name.len() > NAME_BYTES_MAX
            || name.starts_with('_')
            || !name.bytes().all(letters)
        {
            return Err(ParameterError::Form(format!("`{name}` is no name of a parameter")));
        }
        if self.0.len() >= PARAMETERS_MAX {
            return Err(ParameterError::Form(format!("there are more than {PARAMETERS_MAX}")));
        }
        match self.0.insert(name.to_owned(), Parameter { domain, value: None }) {
            None => Ok(()),
            Some(_) => Err(ParameterError::Twice(name.to_owned())),
        }
    }

    /// Gives a parameter its value.
    ///
    /// # Errors
    /// [`ParameterError::Undeclared`], [`ParameterError::Outside`].
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), ParameterError> {
        let parameter = self.0.get_mut(name).ok_or_else(|| ParameterError::Undeclared(name.to_owned()))?;
        match parameter.domain.value(value) {
            Some(value) => {
                parameter.value = Some(value);
                Ok(())
            }
            None => Err(ParameterError::Outside(name.to_owned(), parameter.domain.to_string())),
        }
    }

    /// Gives every parameter that has no value one of its domain, to plan by.
    pub fn set_examples(&mut self) {
        for parameter in self.0.values_mut().filter(|p| p.value.is_none()) {
            parameter.value = Some(parameter.domain.first());
        }
    }

    /// Takes the values away; the domains stay.
    pub fn clear_values(&mut self) {
        self.0.values_mut().for_each(|p| p.value = None);
    }

    /// A parameter.
    pub fn get(&self, name: &str) -> Option<&Parameter> {
        self.0.get(name)
    }

    /// Every parameter, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Parameter)> {
        self.0.iter().map(|(name, parameter)| (name.as_str(), parameter))
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The query with its parameters at its head, as [`Parameters::split`] reads it.
    pub fn with_body(&self, body: &str) -> String {
        if self.0.is_empty() {
            return body.to_owned();
        }
        let mut text = format!("{HEAD}\n");
        for (name, parameter) in &self.0 {
            let value = match &parameter.value {
                Some(value) => format!(", value = {}", value.to_toml()),
                None => String::new(),
            };
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{name} = {{ {}{value} }}", parameter.domain.declaration());
        }
        text.push_str("*/\n");
        text.push_str(body);
        text
    }
}

fn form(name: &str, text: &str) -> ParameterError {
    ParameterError::Form(format!("`{name}`: {text}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "/* cloister:parameters
born = { type = \"int\", min = 1900, max = 2010, step = 10, value = 1950 }
sex = { type = \"text\", values = [\"F\", \"M\"] }
since = { type = \"date\", min = 2020-01-01, max = \"2020-12-31\" }
share = { type = \"number\", min = 0, max = 1, step = 0.25 }
1 = { type = \"bool\" }
*/
SELECT 1";

    #[test]
    fn a_head_is_read_and_written() {
        let (parameters, body) = Parameters::split(TEXT).unwrap();
        assert_eq!(body, "SELECT 1");
        assert_eq!(
            parameters.iter().map(|(n, _)| n).collect::<Vec<_>>(),
            ["1", "born", "sex", "share", "since"]
        );
        assert_eq!(parameters.get("born").unwrap().value, Some(Scalar::Int(1950)));
        let again = parameters.with_body(body);
        assert_eq!(Parameters::split(&again).unwrap(), (parameters, body));
        // Without a head a text is what it is.
        for text in ["SELECT 1", "/* cloister:parametersX */ SELECT 1", "-- x\nSELECT 1", ""] {
            assert_eq!(Parameters::split(text).unwrap(), (Parameters::default(), text));
            assert_eq!(Parameters::default().with_body(text), text);
        }
    }

    #[test]
    fn values_come_from_the_domain() {
        let (mut parameters, _) = Parameters::split(TEXT).unwrap();
        for (name, value, good) in [
            ("born", "1900", true),
            ("born", "2010", true),
            ("born", "1905", false),
            ("born", "2020", false),
            ("born", "1890", false),
            ("born", "1950.0", false),
            ("born", "1950 OR 1=1", false),
            ("sex", "F", true),
            ("sex", "f", false),
            ("sex", "F' OR 'x'='x", false),
            ("since", "2020-02-29", true),
            ("since", "2021-01-01", false),
            ("since", "2020-02-30", false),
            ("share", "0.75", true),
            ("share", "0.750", true),
            ("share", "0.8", false),
            ("share", "1e0", false),
            ("1", "true", true),
            ("1", "1", false),
        ] {
            let set = parameters.set(name, value);
            assert_eq!(set.is_ok(), good, "{name}={value}: {set:?}");
            if let Err(e) = set {
                assert_eq!(e.code(), "parameter-outside-domain");
            }
        }
        assert_eq!(parameters.set("other", "1").unwrap_err().code(), "undeclared-parameter");
    }

    #[test]
    fn what_is_no_declaration_is_refused() {
        let of = |line: &str| {
            Parameters::split(&format!("/* cloister:parameters\n{line}\n*/SELECT 1")).map(|_| ())
        };
        for wrong in [
            "a = 1",
            "a = {}",
            "a = { type = \"int\" }",
            "a = { type = \"int\", min = 3, max = 1 }",
            "a = { type = \"int\", min = 1, max = 3, step = 0 }",
            "a = { type = \"int\", min = 1, max = 3, values = [1] }",
            "a = { type = \"int\", values = [] }",
            "a = { type = \"int\", values = [1.5] }",
            "a = { type = \"number\", min = 0, max = 1 }",
            "a = { type = \"number\", values = [nan] }",
            "a = { type = \"text\", min = 1, max = 3 }",
            "a = { type = \"colour\", values = [\"red\"] }",
            "a = { type = \"int\", min = 1, max = 3, other = 1 }",
            "A = { type = \"bool\" }",
            "_a = { type = \"bool\" }",
            "a = { type = \"bool\" }\na = { type = \"bool\" }",
            "a = { type",
        ] {
            assert_eq!(of(wrong).unwrap_err().code(), "parameter-form", "{wrong}");
        }
        assert_eq!(
            of("a = { type = \"int\", min = 1, max = 3, value = 4 }").unwrap_err().code(),
            "parameter-outside-domain"
        );
        assert!(Parameters::split("/* cloister:parameters\na = { type = \"bool\" }").is_err());
    }

    #[test]
    fn a_value_cannot_end_the_comment() {
        let mut parameters = Parameters::default();
        parameters.declare("a", "text:x */ SELECT 2; /*|\"quoted\" \\ 'single'|ö").unwrap();
        parameters.set("a", "x */ SELECT 2; /*").unwrap();
        let text = parameters.with_body("SELECT 1");
        assert_eq!(text.matches("*/").count(), 1);
        assert_eq!(text.matches("/*").count(), 1);
        assert_eq!(Parameters::split(&text).unwrap(), (parameters, "SELECT 1"));
    }

    #[test]
    fn flags_and_heads_say_the_same() {
        let mut flags = Parameters::default();
        for (name, domain) in [
            ("born", "int:1900..2010:10"),
            ("sex", "text:F|M"),
            ("since", "date:2020-01-01..2020-12-31"),
            ("share", "number:0..1:0.25"),
            ("1", "bool"),
        ] {
            flags.declare(name, domain).unwrap();
        }
        let (mut head, _) = Parameters::split(TEXT).unwrap();
        head.clear_values();
        assert_eq!(flags, head);
        assert_eq!(flags.declare("born", "bool").unwrap_err(), ParameterError::Twice("born".into()));
        for wrong in
            ["int", "int:", "int:1..", "int:a..b", "colour:red", "", "text:", "int:1..5:x", "bool:true"]
        {
            assert_eq!(flags.declare("x", wrong).unwrap_err().code(), "parameter-form", "{wrong}");
        }
    }
}
