//! What charts read of the tracks of a recording: any measure of any resource, bin by bin.

use super::{Recorded, recorded::Arm};
use crate::observe::{Measure, ResourceKind, recording::Bins};

/// The track of a measure of a resource; none if it had nothing to tell.
pub fn track<'a>(
    arm: &'a Arm,
    kind: ResourceKind,
    name: &str,
    measure: Measure,
) -> Option<&'a Bins> {
    arm.recording.track(kind, name, measure)
}

/// How many there were in a bin, of a count.
pub fn count_in(arm: &Arm, kind: ResourceKind, name: &str, measure: Measure, bin: usize) -> u64 {
    match track(arm, kind, name, measure) {
        Some(Bins::Counts(counts)) => counts.at(bin),
        Some(Bins::Levels(_) | Bins::Sampled(_)) | None => 0,
    }
}

/// How many there were, of a count.
pub fn total(arm: &Arm, kind: ResourceKind, name: &str, measure: Measure) -> u64 {
    match track(arm, kind, name, measure) {
        Some(Bins::Counts(counts)) => counts.total(),
        Some(Bins::Levels(_) | Bins::Sampled(_)) | None => 0,
    }
}

/// The resources of a kind that have something to tell under any policy, in the order of the outputs.
pub fn names(recorded: &Recorded, kind: ResourceKind) -> Vec<&str> {
    let mut found: Vec<&str> = Vec::new();
    for track in recorded.arms.iter().flat_map(|arm| arm.recording.tracks()) {
        if track.kind == kind && !found.contains(&track.name.as_str()) {
            found.push(&track.name);
        }
    }
    found
}

/// The resource of a kind that has most of a count under all policies together, the first of them in the outputs;
/// none if there is nothing.
pub fn busiest(recorded: &Recorded, kind: ResourceKind, measure: Measure) -> Option<&str> {
    let of =
        |name: &&str| recorded.arms.iter().map(|arm| total(arm, kind, name, measure)).sum::<u64>();
    let found = names(recorded, kind).into_iter().rev().max_by_key(of);
    found.filter(|name| of(name) > 0)
}
