//! The policies fit their schema, and what does not is refused.

use crate::cast::{access, name, now, person};
use cloister_access::{Access, Action, Hub, Object, Principal};
use cloister_model::Role;
use std::collections::BTreeSet;
use std::path::Path;

const SCHEMA: &str = include_str!("../../../../policies/access/cloister.cedarschema");

fn refused(policy: &str) -> String {
    match Access::from_texts(SCHEMA, &[("x.cedar", policy)]) {
        Ok(_) => panic!("accepted: {policy}"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn the_built_in_policies_fit_their_schema() {
    Access::new().unwrap_or_else(|e| panic!("{e}"));
}

#[test]
fn every_file_of_the_folder_is_built_in() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies/access");
    let files: BTreeSet<String> =
        std::fs::read_dir(folder).unwrap().map(|f| f.unwrap().file_name().into_string().unwrap()).collect();
    let built_in = ["cloister.cedarschema", "limits.cedar", "roles.cedar"];
    assert_eq!(files, built_in.into_iter().map(str::to_owned).collect());
}

#[test]
fn the_schema_and_the_code_name_the_same_actions() {
    // What the schema lists as an action with a principal and a resource.
    let mut schema = BTreeSet::new();
    for action in SCHEMA.split(';').filter(|part| part.contains("appliesTo")) {
        let head = action.split("appliesTo").next().unwrap();
        let head = head.split(" in \"").next().unwrap();
        schema.extend(head[head.find("action").unwrap()..].split('"').skip(1).step_by(2).map(str::to_owned));
    }
    let code: BTreeSet<String> = Action::ALL.iter().map(|a| a.as_str().to_owned()).collect();
    assert_eq!(schema, code);
}

#[test]
fn wrong_policies_are_refused_whole() {
    let permit = |rest: &str| format!("@id(\"x\") permit (principal, action, resource) {rest};");
    for (policy, why) in [
        ("nonsense".to_owned(), "x.cedar"),
        ("permit (principal, action, resource);".to_owned(), "has no @id"),
        ("@id(\"x\") forbid (principal, action, resource);".to_owned(), "without a @reason"),
        (format!("{0} {0}", permit("")), "is there twice"),
        (permit("when { principal.shoe_size > 4 }"), "do not fit"),
        (permit("when { context.now < 5 }"), "do not fit"),
        ("@id(\"x\") permit (principal in Role::\"cheker\", action, resource);".to_owned(), "do not fit"),
        (
            "@id(\"x\") permit (principal, action == Action::\"run-querry\", resource);".to_owned(),
            "do not fit",
        ),
        // An optional fact without a look whether it is there.
        (
            "@id(\"x\") permit (principal is Person, action == Action::\"run-query\", resource) \
             when { context.now < principal.training_until };"
                .to_owned(),
            "do not fit",
        ),
        ("@id(\"x\") permit (principal == ?principal, action, resource);".to_owned(), "template"),
        // It could never apply, which nobody writes on purpose.
        (
            "@id(\"x\") permit (principal is System, action == Action::\"run-query\", resource);".to_owned(),
            "do not fit",
        ),
    ] {
        let error = refused(&policy);
        assert!(error.contains(why), "{policy}: {error}");
    }
    assert!(Access::from_texts("entity;", &[]).is_err());
}

#[test]
fn what_no_policy_permits_is_denied() {
    let nothing = Access::from_texts(SCHEMA, &[]).unwrap();
    let everybody = Principal::Person(person("all", &Role::ALL));
    for principal in [Principal::Anonymous, everybody, Principal::System] {
        assert!(nothing.check(&principal, Action::ViewRegister, Hub.resource(), now()).is_err());
    }
}

#[test]
fn a_policy_that_fails_denies() {
    // Whole numbers overflow: in the language alone, the policy would be passed over.
    let text = "@id(\"all\") permit (principal, action, resource); \
                @id(\"broken\") @reason(\"x\") forbid (principal, action, resource) \
                when { 9223372036854775807 + (if context.now == context.now then 1 else 2) == 5 };";
    let broken = Access::from_texts(SCHEMA, &[("x.cedar", text)]).unwrap();
    assert!(broken.check(&Principal::Anonymous, Action::ViewRegister, Hub.resource(), now()).is_err());
    let whole = text.replace("9223372036854775807", "7");
    let whole = Access::from_texts(SCHEMA, &[("x.cedar", &whole)]).unwrap();
    assert!(whole.check(&Principal::Anonymous, Action::ViewRegister, Hub.resource(), now()).is_ok());
}

#[test]
fn facts_that_the_language_cannot_hold_deny() {
    let mut somebody = person("author", &[Role::Researcher]);
    assert!(
        access()
            .check(&Principal::Person(somebody.clone()), Action::ViewPolicies, Hub.resource(), now())
            .is_ok()
    );
    somebody.training_expires = Some(chrono::NaiveDate::MAX);
    let denied = access().check(&Principal::Person(somebody), Action::ViewPolicies, Hub.resource(), now());
    assert_eq!(denied.unwrap_err().code(), "not-permitted");
    assert_eq!(name("author").as_str(), "author");
}
