use super::*;
use crate::{AuditSigner, Event, EventKind, Frontier};

const AT: &str = "2026-03-01T09:30:00.000Z";

fn record(seq: u64, actor: &str) -> Record {
    Record::of(seq, &Event::new(AT, actor, EventKind::ReleaseMade, "req_1")).unwrap()
}

fn log(size: u64, actor: &str) -> Vec<Digest> {
    (1..=size).map(|seq| record(seq, actor).leaf()).collect()
}

fn signer(seed: u8) -> AuditSigner {
    AuditSigner::from_seed(&[seed; 32]).unwrap()
}

fn checkpoint(hub: &str, leaves: &[Digest]) -> Checkpoint {
    let mut tree = Frontier::new();
    leaves.iter().for_each(|leaf| tree.append(*leaf));
    signer(7).sign(hub, tree.size(), tree.root(), AT).unwrap()
}

#[test]
fn a_receipt_is_for_one_record_of_one_log() {
    let leaves = log(9, "a");
    let signed = checkpoint("north", &leaves);
    let receipt = Receipt::of(record(4, "a"), signed.clone(), &leaves).unwrap();
    assert_eq!(receipt.verify(&signer(7).public_key()), Ok(()));
    assert_eq!(receipt.verify(&signer(8).public_key()), Err(AuditError::Signature { size: 9 }));
    let line = receipt.to_line().unwrap();
    assert_eq!(Receipt::from_line(&line), Ok(receipt.clone()));
    // Another record, a record of elsewhere, and one after the checkpoint.
    for wrong in [record(5, "a"), record(4, "b")] {
        let forged = Receipt { record: wrong.clone(), ..receipt.clone() };
        let seq = wrong.seq();
        assert_eq!(forged.verify(&signer(7).public_key()), Err(AuditError::NotIncluded { seq }));
    }
    assert_eq!(
        Receipt::of(record(10, "a"), signed.clone(), &leaves),
        Err(AuditError::NotIncluded { seq: 10 })
    );
    assert_eq!(Receipt::of(record(4, "b"), signed, &leaves), Err(AuditError::NotIncluded { seq: 4 }));
    for wrong in [line.replace(":", ": "), format!("{line} "), line.replace("path", "paths"), String::new()] {
        assert_eq!(Receipt::from_line(&wrong), Err(AuditError::ProofForm), "{wrong}");
    }
    // A leaf that does not belong to the record beside it.
    let other = record(4, "b").leaf().to_string();
    let forged = line.replace(&record(4, "a").leaf().to_string(), &other);
    let forged = Receipt::from_line(&forged).unwrap();
    assert_eq!(forged.verify(&signer(7).public_key()), Err(AuditError::NotIncluded { seq: 4 }));
}

#[test]
fn a_log_that_was_written_anew_continues_nothing() {
    let (leaves, key) = (log(9, "a"), signer(7).public_key());
    let (earlier, later) = (checkpoint("north", &leaves[..5]), checkpoint("north", &leaves));
    let proof = ConsistencyProof::of(earlier.clone(), later.clone(), &leaves).unwrap();
    assert_eq!(proof.verify(&key), Ok(()));
    assert_eq!(ConsistencyProof::from_line(&proof.to_line()), Ok(proof.clone()));
    assert_eq!(ConsistencyProof::from_line(&format!("{}\n", proof.to_line())), Err(AuditError::ProofForm));
    let differ = Err(AuditError::NotConsistent { earlier: 5, later: 9 });
    let anew = log(9, "b");
    assert_eq!(ConsistencyProof::of(earlier.clone(), checkpoint("north", &anew), &anew), differ);
    assert_eq!(ConsistencyProof::of(earlier, checkpoint("south", &leaves), &leaves), differ);
    let back = ConsistencyProof { earlier: later.clone(), later: proof.earlier().clone(), path: vec![] };
    assert_eq!(back.verify(&key), Err(AuditError::NotConsistent { earlier: 9, later: 5 }));
    assert_eq!(proof.verify(&signer(8).public_key()), Err(AuditError::Signature { size: 5 }));
    assert_eq!((proof.later(), proof.earlier().size()), (&later, 5));
}
