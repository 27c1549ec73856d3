//! Honest logs pass; any single change to one is found.

use super::*;
use crate::{AuditSigner, Event, EventKind};
use cloister_model::Digest;
use proptest::prelude::*;

const AT: &str = "2026-03-01T09:30:00.000Z";

fn signer() -> AuditSigner {
    AuditSigner::from_seed(&[7; 32]).unwrap()
}

fn event(n: u64) -> Event {
    Event::new(AT, "researcher", EventKind::QuerySubmitted, format!("req_{n}")).with("n", n)
}

#[derive(Clone)]
struct Log {
    records: Vec<Record>,
    checkpoints: Vec<Checkpoint>,
}

impl Log {
    /// A log written in commits of these many records each.
    fn of(commits: &[u64]) -> Self {
        let (mut tree, mut records, mut checkpoints) = (Frontier::new(), Vec::new(), Vec::new());
        for commit in commits {
            for _ in 0..*commit {
                let seq = tree.size() + 1;
                let record = Record::of(seq, &event(seq)).unwrap();
                tree.append(record.leaf());
                records.push(record);
            }
            checkpoints.push(signer().sign("north", tree.size(), tree.root(), AT).unwrap());
        }
        Self { records, checkpoints }
    }

    fn verify(&self) -> Result<Verified, AuditError> {
        verify(self.records.clone(), self.checkpoints.clone(), &signer().public_key())
    }

    /// Numbers and hashes the records afresh, as somebody would who knows the format but not the key.
    fn rehash(&mut self) {
        for (i, record) in self.records.iter_mut().enumerate() {
            *record = Record::of(i as u64 + 1, &record.event().unwrap()).unwrap();
        }
    }
}

#[test]
fn what_is_wrong_is_named() {
    let log = Log::of(&[1, 2, 2]);
    assert_eq!(log.verify(), Ok(Verified { records: 5, checkpoints: 3, unsigned_tail: 0 }));
    let after = |change: &dyn Fn(&mut Log)| {
        let mut log = log.clone();
        change(&mut log);
        log.verify().unwrap_err()
    };
    let edited = Record::from_parts(4, event(9).canonical_bytes().unwrap(), log.records[3].leaf());
    let not_an_event = Record::from_parts(4, b"{}".to_vec(), leaf_hash(4, b"{}"));
    assert_eq!(after(&|l| l.records[3] = edited.clone()), AuditError::Changed { seq: 4 });
    assert_eq!(after(&|l| l.records[3] = not_an_event.clone()), AuditError::Malformed { seq: 4 });
    assert_eq!(
        after(&|l| l.records[3] = Record::of(4, &event(9)).unwrap()),
        AuditError::RootDiffers { first: 4, last: 5 }
    );
    assert_eq!(after(&|l| drop(l.records.remove(0))), AuditError::Missing { seq: 1 });
    assert_eq!(after(&|l| drop(l.records.remove(2))), AuditError::Missing { seq: 3 });
    assert_eq!(after(&|l| drop(l.records.pop())), AuditError::Shorter { records: 4, signed: 5 });
    assert_eq!(after(&|l| l.records.clear()), AuditError::Shorter { records: 0, signed: 5 });
    assert_eq!(after(&|l| l.records.insert(2, l.records[1].clone())), AuditError::Repeated { seq: 2 });
    assert_eq!(after(&|l| l.records.swap(1, 2)), AuditError::Missing { seq: 2 });
    assert_eq!(after(&|l| l.checkpoints.swap(0, 1)), AuditError::CheckpointOrder { size: 1 });
    assert_eq!(
        after(&|l| l.checkpoints.insert(1, l.checkpoints[0].clone())),
        AuditError::CheckpointOrder { size: 1 }
    );
}

#[test]
fn checkpoints_of_another_hub_or_of_nothing_are_refused() {
    let mut log = Log::of(&[1, 1]);
    log.checkpoints[1] = signer().sign("south", 2, log.checkpoints[1].root(), AT).unwrap();
    assert_eq!(log.verify(), Err(AuditError::OtherHub { size: 2 }));
    let mut log = Log::of(&[1]);
    log.checkpoints.insert(0, signer().sign("north", 0, Frontier::new().root(), AT).unwrap());
    assert_eq!(log.verify(), Err(AuditError::CheckpointOrder { size: 0 }));
}

#[test]
fn records_after_the_last_checkpoint_are_counted() {
    let mut log = Log::of(&[2, 2]);
    log.checkpoints.pop();
    assert_eq!(log.verify(), Ok(Verified { records: 4, checkpoints: 1, unsigned_tail: 2 }));
    log.checkpoints.clear();
    assert_eq!(log.verify().unwrap().unsigned_tail, 4);
    assert_eq!(Log::of(&[]).verify(), Ok(Verified { records: 0, checkpoints: 0, unsigned_tail: 0 }));
}

#[derive(Clone, Debug)]
enum Mutation {
    FlipEventBit(usize),
    FlipLeafBit(usize),
    OtherSeq(u64),
    EditAndRehash,
    Delete,
    DeleteAndRehash,
    CutTail,
    Repeat,
    RepeatAndRehash,
    Insert,
    InsertAndRehash,
    Swap(usize),
    SwapAndRehash(usize),
    FlipCheckpointRoot(usize),
    FlipSignature(usize),
    OtherSize(u64),
    RepeatCheckpoint,
    SwapCheckpoints(usize),
    ForgeCheckpoint,
}

fn mutation() -> impl Strategy<Value = Mutation> {
    use Mutation::*;
    let bit = 0usize..4096;
    prop_oneof![
        bit.clone().prop_map(FlipEventBit),
        bit.clone().prop_map(FlipLeafBit),
        any::<u64>().prop_map(OtherSeq),
        Just(EditAndRehash),
        Just(Delete),
        Just(DeleteAndRehash),
        Just(CutTail),
        Just(Repeat),
        Just(RepeatAndRehash),
        Just(Insert),
        Just(InsertAndRehash),
        (1usize..64).prop_map(Swap),
        (1usize..64).prop_map(SwapAndRehash),
        bit.clone().prop_map(FlipCheckpointRoot),
        bit.prop_map(FlipSignature),
        any::<u64>().prop_map(OtherSize),
        Just(RepeatCheckpoint),
        (1usize..64).prop_map(SwapCheckpoints),
        Just(ForgeCheckpoint),
    ]
}

fn flip(bytes: &mut [u8], bit: usize) {
    let at = bit / 8 % bytes.len();
    bytes[at] ^= 1 << (bit % 8);
}

impl Mutation {
    /// Applies it at a place; `false` where it would change nothing.
    fn apply(&self, log: &mut Log, place: usize) -> bool {
        let at = place % log.records.len();
        let sealed = place % log.checkpoints.len();
        let before = (log.records.clone(), log.checkpoints.clone());
        self.apply_to_records(log, at);
        self.apply_to_checkpoints(log, sealed);
        before != (log.records.clone(), log.checkpoints.clone())
    }

    fn apply_to_records(&self, log: &mut Log, at: usize) {
        let record = log.records[at].clone();
        match self {
            Self::FlipEventBit(bit) => {
                let mut bytes = record.event_bytes().to_vec();
                flip(&mut bytes, *bit);
                log.records[at] = Record::from_parts(record.seq(), bytes, record.leaf());
            }
            Self::FlipLeafBit(bit) => {
                let mut leaf = *record.leaf().as_bytes();
                flip(&mut leaf, *bit);
                let leaf = Digest::from_bytes(leaf);
                log.records[at] = Record::from_parts(record.seq(), record.event_bytes().to_vec(), leaf);
            }
            Self::OtherSeq(seq) => {
                log.records[at] = Record::from_parts(*seq, record.event_bytes().to_vec(), record.leaf());
            }
            Self::EditAndRehash => log.records[at] = Record::of(record.seq(), &event(1_000)).unwrap(),
            Self::Delete | Self::DeleteAndRehash => drop(log.records.remove(at)),
            Self::CutTail => log.records.truncate(at),
            Self::Repeat | Self::RepeatAndRehash => log.records.insert(at, record),
            Self::Insert | Self::InsertAndRehash => {
                log.records.insert(at, Record::of(record.seq(), &event(1_000)).unwrap());
            }
            Self::Swap(by) | Self::SwapAndRehash(by) => {
                let other = (at + by) % log.records.len();
                log.records.swap(at, other);
            }
            _ => {}
        }
        if matches!(
            self,
            Self::DeleteAndRehash | Self::RepeatAndRehash | Self::InsertAndRehash | Self::SwapAndRehash(_)
        ) {
            log.rehash();
        }
    }

    fn apply_to_checkpoints(&self, log: &mut Log, at: usize) {
        let checkpoint = log.checkpoints[at].clone();
        let with = |size: u64, root: Digest, signature: [u8; 64]| {
            Checkpoint::from_parts(checkpoint.hub().to_owned(), size, root, AT.to_owned(), signature)
        };
        match self {
            Self::FlipCheckpointRoot(bit) => {
                let mut root = *checkpoint.root().as_bytes();
                flip(&mut root, *bit);
                log.checkpoints[at] =
                    with(checkpoint.size(), Digest::from_bytes(root), *checkpoint.signature());
            }
            Self::FlipSignature(bit) => {
                let mut signature = *checkpoint.signature();
                flip(&mut signature, *bit);
                log.checkpoints[at] = with(checkpoint.size(), checkpoint.root(), signature);
            }
            Self::OtherSize(size) => {
                log.checkpoints[at] = with(*size, checkpoint.root(), *checkpoint.signature());
            }
            Self::RepeatCheckpoint => log.checkpoints.insert(at, checkpoint),
            Self::SwapCheckpoints(by) => {
                let other = (at + by) % log.checkpoints.len();
                log.checkpoints.swap(at, other);
            }
            Self::ForgeCheckpoint => {
                let forger = AuditSigner::from_seed(&[8; 32]).unwrap();
                log.checkpoints[at] = forger.sign("north", checkpoint.size(), checkpoint.root(), AT).unwrap();
            }
            _ => {}
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn an_honest_log_passes(commits in prop::collection::vec(1u64..4, 1..12)) {
        let verified = Log::of(&commits).verify().unwrap();
        prop_assert_eq!(verified.records, commits.iter().sum::<u64>());
        prop_assert_eq!(verified.checkpoints, commits.len() as u64);
        prop_assert_eq!(verified.unsigned_tail, 0);
    }

    #[test]
    fn any_single_change_is_found(
        commits in prop::collection::vec(1u64..4, 1..10),
        mutation in mutation(),
        place in any::<prop::sample::Index>(),
    ) {
        let mut log = Log::of(&commits);
        if mutation.apply(&mut log, place.index(1 << 16)) {
            // A well-formed record put after the last one is not refused but reported as unsigned.
            let found = log.verify().map_or(true, |verified| verified.unsigned_tail > 0);
            prop_assert!(found, "{:?} was not found", mutation);
        }
    }

    #[test]
    fn verifying_never_panics(line in "\\PC{0,200}") {
        prop_assert!(Checkpoint::from_line(&line).is_err());
        prop_assert!(Record::from_line(&line).is_err());
    }
}
