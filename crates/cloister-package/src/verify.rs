//! Whether a package is whole and whose it is.

use crate::index::Signature;
use crate::{Files, INDEX, Index, SIGNATURE};
use cloister_audit::PublicKey;
use cloister_model::Digest;
use std::collections::BTreeSet;

/// A package that is whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// The request whose result it is.
    pub request: String,
    /// When it was made.
    pub made_at: String,
    /// How many files it lists.
    pub files: usize,
    /// Who signed it.
    pub signed_by: PublicKey,
    /// Whether that is the key that was asked for; false where none was.
    pub vouched: bool,
}

/// What is wrong with a package.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum Fault {
    /// There is no index, or it cannot be read.
    #[error("release.json is missing or cannot be read")]
    Index,
    /// There is no signature, or it cannot be read.
    #[error("release.sig is missing or cannot be read")]
    Unsigned,
    /// The signature is of other bytes, or of another key than it says.
    #[error("the signature is not of this release.json")]
    Signature,
    /// The key is another than was asked for.
    #[error("it is signed by another key than yours: {0}")]
    AnotherKey(String),
    /// A file is not there.
    #[error("`{0}` is missing")]
    Missing(String),
    /// A file is not what was released.
    #[error("`{0}` was changed")]
    Changed(String),
    /// A file that is not of it.
    #[error("`{0}` is not of this release")]
    Extra(String),
    /// A name that leads out of the folder, or that two systems read differently.
    #[error("`{0}` is not a name that a package may have")]
    Name(String),
    /// One name is listed twice.
    #[error("`{0}` is listed twice")]
    Twice(String),
}

/// Verifies a package: with the hub's public key, that it is the hub's; without one, that it is whole, and who signed it.
///
/// # Errors
/// Everything that is wrong.
pub fn verify(files: &Files, key: Option<&PublicKey>) -> Result<Verified, Vec<Fault>> {
    let Some(bytes) = files.get(INDEX) else { return Err(vec![Fault::Index]) };
    let Some(index) = Index::from_bytes(bytes) else { return Err(vec![Fault::Index]) };
    let mut faults = BTreeSet::new();
    let signature = files.get(SIGNATURE).and_then(|bytes| serde_json::from_slice::<Signature>(bytes).ok());
    let signed_by = match &signature {
        None => Err(Fault::Unsigned),
        Some(signature) => signature.signer(bytes).ok_or(Fault::Signature),
    };
    let mut listed = BTreeSet::from([INDEX.to_owned(), SIGNATURE.to_owned()]);
    let mut folded: BTreeSet<String> = listed.iter().map(|name| name.to_lowercase()).collect();
    for entry in &index.files {
        if !is_name(&entry.name) {
            faults.insert(Fault::Name(entry.name.clone()));
        }
        // A file system that does not tell cases apart has one of two.
        if !listed.insert(entry.name.clone()) || !folded.insert(entry.name.to_lowercase()) {
            faults.insert(Fault::Twice(entry.name.clone()));
        }
        match files.get(&entry.name) {
            None => faults.insert(Fault::Missing(entry.name.clone())),
            Some(bytes) if Digest::of(bytes) != entry.digest => {
                faults.insert(Fault::Changed(entry.name.clone()))
            }
            Some(_) => false,
        };
    }
    faults.extend(files.keys().filter(|name| !listed.contains(*name)).cloned().map(Fault::Extra));
    let signed_by = match signed_by {
        Ok(signed_by) => signed_by,
        Err(fault) => {
            faults.insert(fault);
            return Err(faults.into_iter().collect());
        }
    };
    if let Some(key) = key.filter(|key| **key != signed_by) {
        let _ = key;
        faults.insert(Fault::AnotherKey(signed_by.to_string()));
    }
    if !faults.is_empty() {
        return Err(faults.into_iter().collect());
    }
    Ok(Verified {
        request: index.request,
        made_at: index.made_at,
        files: index.files.len(),
        signed_by,
        vouched: key.is_some(),
    })
}

/// Whether a name stays inside the folder on every system.
pub(crate) fn is_name(name: &str) -> bool {
    let part = |part: &str| {
        !part.is_empty()
            && !part.starts_with('.')
            && part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'))
    };
    name.len() <= 200 && name.split('/').all(part)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{seal, unzip, zip};
    use cloister_audit::AuditSigner;
    use proptest::prelude::*;

    fn signer(seed: u8) -> AuditSigner {
        AuditSigner::from_seed(&[seed; 32]).unwrap()
    }

    fn package() -> Files {
        let files: Files = [("table.csv", "a,b\n1,2\n"), ("query.sql", "SELECT 1")]
            .map(|(n, t)| (n.to_owned(), t.into()))
            .into();
        let index = Index::of("req_1", "2026-03-01T09:30:00.000Z", &files);
        seal(files, &index, &signer(7))
    }

    #[test]
    fn a_whole_package_says_whose_it_is() {
        let (package, key) = (package(), signer(7).public_key());
        let verified = verify(&package, Some(&key)).unwrap();
        assert_eq!((verified.request.as_str(), verified.files, verified.vouched), ("req_1", 2, true));
        let unvouched = verify(&package, None).unwrap();
        assert!(!unvouched.vouched && unvouched.signed_by == key);
        assert_eq!(unzip(&zip(&package).unwrap()).unwrap(), package);
    }

    #[test]
    fn every_kind_of_tampering_is_found() {
        let key = signer(7).public_key();
        let faults = |change: &dyn Fn(&mut Files)| {
            let mut package = package();
            change(&mut package);
            verify(&package, Some(&key)).unwrap_err()
        };
        let csv = || "table.csv".to_owned();
        assert_eq!(faults(&|p| p.get_mut("table.csv").unwrap()[0] = b'x'), [Fault::Changed(csv())]);
        assert_eq!(faults(&|p| drop(p.remove("table.csv"))), [Fault::Missing(csv())]);
        assert_eq!(faults(&|p| drop(p.insert("more.csv".into(), vec![]))), [Fault::Extra("more.csv".into())]);
        assert_eq!(faults(&|p| drop(p.remove(INDEX))), [Fault::Index]);
        assert_eq!(faults(&|p| drop(p.remove(SIGNATURE))), [Fault::Unsigned]);
        assert_eq!(faults(&|p| p.get_mut(INDEX).unwrap().push(b' ')), [Fault::Signature]);
        // A table and an index that fit each other, and another's signature.
        let forged = |p: &mut Files, seed: u8| {
            let files: Files = [(csv(), b"a,b\n1,9\n".to_vec())].into();
            let index = Index::of("req_1", "2026-03-01T09:30:00.000Z", &files);
            *p = seal(files, &index, &signer(seed));
        };
        assert_eq!(faults(&|p| forged(p, 8)), [Fault::AnotherKey(signer(8).public_key().to_string())]);
        let old = package().remove(SIGNATURE).unwrap();
        let with_old = |p: &mut Files| {
            forged(p, 8);
            p.insert(SIGNATURE.into(), old.clone());
        };
        assert_eq!(faults(&with_old), [Fault::Signature]);
        // Names that lead elsewhere, or that are one on another system.
        for names in
            [vec!["../x"], vec!["/x"], vec![".x"], vec!["a/../b"], vec!["a\\b"], vec!["A.csv", "a.csv"]]
        {
            let files: Files = names.iter().map(|n| ((*n).to_owned(), vec![1])).collect();
            let index = Index::of("req_1", "2026-03-01T09:30:00.000Z", &files);
            assert!(verify(&seal(files, &index, &signer(7)), Some(&key)).is_err(), "{names:?}");
        }
    }

    proptest! {
        #[test]
        fn no_byte_can_be_changed(file in 0usize..4, at in any::<prop::sample::Index>(), by in 1u8..) {
            let mut package = package();
            let name = package.keys().nth(file).unwrap().clone();
            let bytes = package.get_mut(&name).unwrap();
            let at = at.index(bytes.len());
            bytes[at] ^= by;
            prop_assert!(verify(&package, Some(&signer(7).public_key())).is_err());
        }

        #[test]
        fn nothing_breaks_the_reader(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = unzip(&bytes);
            let _ = verify(&[(INDEX.to_owned(), bytes)].into(), None);
        }
    }
}
