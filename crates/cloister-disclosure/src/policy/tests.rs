use super::*;

const SHIPPED: [&str; 6] = [
    include_str!("../../../../policies/disclosure/nhs-england.toml"),
    include_str!("../../../../policies/disclosure/opensafely.toml"),
    include_str!("../../../../policies/disclosure/sdap-10.toml"),
    include_str!("../../../../policies/disclosure/cms-11.toml"),
    include_str!("../../../../policies/disclosure/abs.toml"),
    include_str!("../../../../policies/disclosure/eurostat-ifs.toml"),
];

/// As it was before there were sources beside the numbers.
const FIRST: &str = r#"
name = "first"
version = 1
title = "A policy of the first form"
marker = "*"
[contributors]
min = 8
zero-shown = true
[counts]
rounding-base = 5
[means]
significant-digits = 4
[[dominance]]
largest = 2
share-max = 0.9
[labels]
small-groups = "merge"
[output]
cells-max = 50000
"#;

fn nhs_england() -> Policy {
    Policy::parse(SHIPPED[0]).unwrap()
}

#[test]
fn nhs_england_is_one_to_seven_and_nearest_five() {
    let policy = nhs_england();
    let permitted: Vec<u64> = (0..=9).filter(|n| policy.permits(*n)).collect();
    assert_eq!(permitted, [0, 8, 9]);
    let shown: Vec<i64> = [0, 8, 12, 13, 17, 18, 22, 23, 997, 998].map(|n| policy.round(n)).into();
    assert_eq!(shown, [0, 10, 10, 15, 15, 20, 20, 25, 995, 1000]);
    assert_eq!(policy.round(i64::MAX), i64::MAX - 2);
}

#[test]
fn what_is_not_understood_is_refused() {
    for (from, to) in [
        ("min = 8", "min = 8\nmaximum = 9"),
        ("min = 8", "min = 1"),
        ("min = 8", "min = 8\nmaximum-source = \"nobody\""),
        ("min = 8", "min = 8\nmin-source = 8"),
        ("min = 8", "min = 8\nmin-source = \" \""),
        ("rounding-base = 5", "rounding-base = 0"),
        ("rounding-base = 5", "rounding-base = 5\nrounding-method = \"none\""),
        ("rounding-base = 5", "rounding-base = 5\nrounding-method = \"up\""),
        ("rounding-base = 5", "rounding-base = 1\nrounding-method = \"midpoint\""),
        ("rounding-base = 5", "rounding-base = 5\nsmall-shown-as = 8"),
        ("significant-digits = 4", "significant-digits = 0"),
        ("marker = \"*\"", "marker = \"0\""),
        ("\"merge\"", "\"show\""),
        ("[labels]", "[findings]\nhold = [\"dominant\"]\n[labels]"),
        ("[labels]", "[findings]\nobject = [\"small-count\"]\n[labels]"),
        ("[labels]", "[findings]\nset-aside = [\"too-many-cells\"]\n[labels]"),
        ("[labels]", "[quantiles]\nshown = true\nbeside-min = 9\n[labels]"),
        ("[labels]", "[class-disclosure]\noutcome = \"hold\"\nshare-min = 0.5\n[labels]"),
        ("[labels]", "[class-disclosure]\noutcome = \"forget\"\n[labels]"),
        ("[labels]", "[secondary]\non = true\n[labels]"),
        ("[labels]", "[cell-key]\ntable = \"t.csv\"\nthreshold = 10\nkeys = 256\n[labels]"),
        ("cells-max = 50000", "cells-max = 50000\noutputs-per-day-max = 0"),
        ("share-max = 0.9", "share-max = 1.1"),
        ("share-max = 0.9", "share-max = 0.9\nat-max = \"perhaps\""),
    ] {
        assert!(FIRST.contains(from));
        assert!(Policy::parse(&FIRST.replace(from, to)).is_err(), "{to}");
    }
}

#[test]
fn a_policy_of_the_first_form_means_what_it_meant() {
    let policy = Policy::parse(FIRST).unwrap();
    assert_eq!(policy.rounding_method(), RoundingMethod::Nearest);
    assert_eq!((policy.class_disclosure(), policy.secondary(), policy.cell_key()), (None, None, None));
    assert_eq!((policy.quantiles_shown(), policy.beside_quantile_min()), (true, 8));
    assert!(policy.extremes_shown() && !Rule::ALL.iter().any(|rule| policy.holds(*rule)));
    assert_eq!(policy.digest(), Digest::of(FIRST.as_bytes()));
    assert_eq!(policy.unsourced().len(), 6, "{:?}", policy.unsourced());
}

#[test]
fn every_number_that_is_shipped_has_a_source() {
    for text in SHIPPED {
        let policy = Policy::parse(text).unwrap();
        assert_eq!(policy.unsourced(), [""; 0], "{}", policy.name());
        assert!(Policy::parse_for_queries(text).is_ok(), "{}", policy.name());
    }
}

#[test]
fn sources_are_found_beside_their_keys() {
    let text = FIRST.replace("min = 8", "min = 8\nmin-source = \"a guide\"");
    let text = text.replace("share-max = 0.9", "share-max = 0.9\nshare-max-source = \"a handbook\"");
    let policy = Policy::parse(&text).unwrap();
    let found: Vec<(&str, &str)> = policy.sources().iter().map(|s| (&*s.key, &*s.text)).collect();
    assert_eq!(found, [("contributors.min", "a guide"), ("dominance.1.share-max", "a handbook")]);
    assert_eq!(policy.unsourced().len(), 4);
}

#[test]
fn what_queries_cannot_do_is_refused_and_not_left_out() {
    let noisy = FIRST.replace("rounding-base = 5", "rounding-base = 1");
    let noisy =
        noisy.replace("[labels]", "[cell-key]\ntable = \"t.csv\"\nthreshold = 10\nkeys = 256\n[labels]");
    assert_eq!(
        Policy::parse(&noisy).unwrap().cell_key(),
        Some(CellKey { table: "t.csv", threshold: 10, keys: 256 })
    );
    let table: String = (0..256).map(|key| format!("1,{key},1\n")).collect();
    let table = format!("pcv,ckey,pvalue\n{table}");
    let digest = Digest::of(table.as_bytes()).to_string().replace("sha256:", "");
    let named = noisy.replace("keys = 256", &format!("keys = 256\ntable-sha256 = \"{digest}\""));
    let refused = |text: &str| Policy::parse_for_queries(text).unwrap_err().to_string();
    assert!(refused(&noisy).contains("table-sha256"), "{}", refused(&noisy));
    assert!(refused(&named.replace("= 256", "= 255")).contains("power of two"));
    assert!(refused(&named.replace("threshold = 10", "threshold = 0")).contains("at least 1"));
    let policy = Policy::parse_for_queries(&named).unwrap();
    assert!(policy.perturbation().is_none());
    // Its own table, of as many keys, and no other.
    let with = |text: &str, table: &str| Policy::parse_for_queries(text).unwrap().with_perturbation(table);
    assert_eq!(with(&named, &table).unwrap().perturbation().unwrap().keys(), 256);
    assert!(with(&named, &format!("{table}\n")).unwrap_err().to_string().contains("another than that of"));
    let fewer = named.replace("keys = 256", "keys = 128");
    assert!(with(&fewer, &table).unwrap_err().to_string().contains("the table has 256"));
    assert!(with(FIRST, &table).is_err());
    let daily = FIRST.replace("cells-max = 50000", "cells-max = 50000\noutputs-per-day-max = 20");
    assert_eq!(Policy::parse(&daily).unwrap().outputs_per_day_max(), Some(20));
    assert!(Policy::parse_for_queries(&daily).is_ok());
}

#[test]
fn an_objection_is_set_aside_where_the_policy_says_so() {
    let text = "[findings]\nhold = [\"dominance\"]\nobject = [\"dominance\", \"too-many-cells\"]\nset-aside = [\"dominance\"]\n[labels]";
    let policy = Policy::parse(&FIRST.replace("[labels]", text)).unwrap();
    let said = ["dominance", "too-many-cells", "mean-with-sum"]
        .map(|c| (policy.objects(c), policy.may_set_aside(c)));
    assert_eq!(said, [(true, true), (true, false), (false, false)]);
}
