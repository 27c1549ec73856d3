//! The outsider's attack on a suppressed table, and what came of it.

use crate::additive::{Additive, Knowledge};
use crate::certificate::Certificate;
use crate::goal::{Goal, Proofs};
use crate::places::Places;

/// What came of an attack.
#[derive(Clone, Debug)]
pub struct Attack {
    goals: Vec<(Goal, Certificate)>,
}

impl Attack {
    /// The goals that were reached, each with the moves that an outsider cannot exclude.
    pub fn goals(&self) -> &[(Goal, Certificate)] {
        &self.goals
    }
}

/// The proof that every goal is reached, checked in whole numbers against the table as it would be shown; or the
/// goals that are not.
pub(crate) fn proved(
    table: &Additive,
    suppressed: &Places<bool>,
    proofs: &Proofs,
) -> Result<Attack, Vec<Goal>> {
    let rooms = [Knowledge::Lower, Knowledge::NotNegative].map(|k| table.rooms(suppressed, k));
    let [lower, not_negative] = &rooms;
    let (mut goals, mut open) = (Vec::new(), Vec::new());
    for (index, goal) in proofs.goals().iter().enumerate() {
        let certificate = proofs.certificate(index).filter(|certificate| {
            let rooms = if certificate.knowledge() == Knowledge::Lower { lower } else { not_negative };
            certificate.reaches(goal) && certificate.holds(table, rooms)
        });
        match certificate {
            Some(certificate) => goals.push((*goal, certificate.clone())),
            None => open.push(*goal),
        }
    }
    if open.is_empty() { Ok(Attack { goals }) } else { Err(open) }
}
