//! Prepared statements: a text with placeholders, and the values that a driver gives for them.

use crate::Reason;
use crate::ask::of_parameter;
use cloister_governance::Parameters;
use cloister_governance::parameter::{ParameterError, ParameterType};
use cloister_query::placeholders;

/// A text with placeholders: those that it declares at its head, and others, which may be anything.
#[derive(Clone, Debug)]
pub struct Template {
    declared: Parameters,
    body: String,
    parameters: Vec<TemplateParameter>,
}

/// A placeholder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateParameter {
    /// Its name; a number where it is known by its place.
    pub name: String,
    /// Its type, where it is declared.
    pub kind: Option<ParameterType>,
}

/// A value for a placeholder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// The placeholder's name.
    pub name: String,
    /// What it is.
    pub kind: ParameterType,
    /// Its text.
    pub value: String,
}

impl Template {
    /// Of a text. One that cannot be read as SQL has no placeholders, and is refused when it is asked.
    ///
    /// # Errors
    /// Where the declarations at its head cannot be read.
    pub fn of(sql: &str) -> Result<Self, Reason> {
        let (declared, body) = Parameters::split(sql).map_err(|e| of_parameter(&e))?;
        let (body, names) = match placeholders(body) {
            Some(found) => (found.text, found.names),
            None => (body.to_owned(), Vec::new()),
        };
        let kind = |name: &str| declared.get(name).map(|p| p.domain.kind());
        let parameters = names.into_iter().map(|name| TemplateParameter { kind: kind(&name), name });
        Ok(Self { parameters: parameters.collect(), declared, body })
    }

    /// Its placeholders, in the order in which they come first.
    pub fn parameters(&self) -> &[TemplateParameter] {
        &self.parameters
    }

    /// The text with these values. A declared parameter takes one of its domain; any other is as if its value were written
    /// in its place.
    ///
    /// # Errors
    /// Where a value is not of the declared domain, or for nothing that is there.
    pub fn bound(&self, values: &[Given]) -> Result<String, Reason> {
        let mut parameters = self.declared.clone();
        for Given { name, kind, value } in values {
            let set = match parameters.get(name) {
                Some(_) => parameters.set(name, value),
                None if self.parameters.iter().any(|p| p.name == *name) => parameters.fix(name, *kind, value),
                None => Err(ParameterError::Undeclared(name.clone())),
            };
            set.map_err(|e| of_parameter(&e))?;
        }
        Ok(parameters.with_body(&self.body))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(name: &str, kind: ParameterType, value: &str) -> Given {
        Given { name: name.to_owned(), kind, value: value.to_owned() }
    }

    #[test]
    fn values_are_literals_and_never_text_of_the_query() {
        let template = Template::of("SELECT count(*) FROM person WHERE sex = ? AND birth_year > ?").unwrap();
        assert_eq!(template.parameters().len(), 2);
        let evil = "F' OR 'a' = 'a */ --";
        let text = template
            .bound(&[given("1", ParameterType::Text, evil), given("2", ParameterType::Int, "1950")])
            .unwrap();
        assert!(
            text.ends_with("*/\nSELECT count(*) FROM person WHERE sex = $1 AND birth_year > $2"),
            "{text}"
        );
        assert_eq!(text.matches("*/").count(), 1, "{text}");
        let (again, _) = Parameters::split(&text).unwrap();
        assert_eq!(again.get("1").unwrap().value.as_ref().unwrap().to_string(), evil);
        assert!(template.bound(&[given("3", ParameterType::Int, "1")]).is_err());
        assert!(template.bound(&[given("2", ParameterType::Int, "1; DROP")]).is_err());
    }

    #[test]
    fn declared_parameters_keep_to_their_domains() {
        let text =
            "/* cloister:parameters\nborn = { type = \"int\", min = 1900, max = 2010 }\n*/\nSELECT $born";
        let template = Template::of(text).unwrap();
        let of = TemplateParameter { name: "born".into(), kind: Some(ParameterType::Int) };
        assert_eq!(template.parameters(), [of]);
        assert!(
            template.bound(&[given("born", ParameterType::Int, "1950")]).unwrap().contains("value = 1950")
        );
        assert!(template.bound(&[given("born", ParameterType::Int, "1850")]).is_err());
    }
}
