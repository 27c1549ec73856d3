//! The contracts and policies that come with the product.

use cloister_governance::Contract;
use cloister_tests::policies;

#[test]
fn every_contract_of_the_product_is_valid() {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(policies().join("datasets")).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let contract = Contract::parse(&text).unwrap_or_else(|e| panic!("{}:\n{e}", path.display()));
        for column in contract.tables.iter().flat_map(|t| t.landed()) {
            let table = contract.name.as_str();
            assert!(
                column.class != cloister_model::ColumnClass::Identifier || column.name.as_str() != "",
                "{table}"
            );
        }
        names.push(contract.name.to_string());
    }
    names.sort();
    assert_eq!(names, ["emergency", "gp", "hospital", "omop", "pathology", "social-care"]);
}
