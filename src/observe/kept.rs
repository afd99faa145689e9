//! What provisioned concurrency keeps ready: memory by time, in blocks of five minutes (SP4, SP6).
//!
//! It is billed as it is configured and not as it is used, from when it is configured, allocation
//! included. Each change begins anew: what was is billed to the end of its block, what is from now.

use crate::{
    kernel::{Span, Time},
    model::{config::Resources, vocabulary::FunctionId},
};

/// A begun block is billed whole.
const BLOCK: Span = Span::mins(5);

/// What is kept ready of each function.
#[derive(Debug)]
pub struct Kept {
    functions: Vec<Keeping>,
}

#[derive(Clone, Copy, Debug)]
struct Keeping {
    /// Environments times memory.
    megabytes: u64,
    /// When the next block begins, if it is kept for longer than to then.
    next: Time,
}

/// What a resource says is kept of each function.
fn megabytes(resources: &Resources) -> impl Iterator<Item = u64> + '_ {
    resources.functions.iter().map(|f| u64::from(f.provisioned) * u64::from(f.memory_mb))
}

impl Kept {
    /// As at time 0.
    pub fn new(resources: &Resources) -> Kept {
        let keeping = |megabytes| Keeping { megabytes, next: Time::ZERO };
        Kept { functions: megabytes(resources).map(keeping).collect() }
    }

    /// From `now` on it is as these say. What began before has been taken.
    pub fn configured(&mut self, now: Time, resources: &Resources) {
        for (keeping, megabytes) in self.functions.iter_mut().zip(megabytes(resources)) {
            if keeping.megabytes != megabytes {
                *keeping = Keeping { megabytes, next: now };
            }
        }
    }

    /// The first instant of the next block of any function; never if nothing is kept.
    pub fn next(&self) -> Time {
        let kept = self.functions.iter().filter(|keeping| 0 < keeping.megabytes);
        // Just at the beginning of a block it can still end.
        let within = kept.map(|keeping| keeping.next.saturating_add(Span::nanos(1)));
        within.min().unwrap_or(Time::NEVER)
    }

    /// The blocks that have begun by `now`, in file order: whose, when it began, and milliseconds
    /// times megabytes.
    pub fn begun(&mut self, now: Time) -> Vec<(FunctionId, Time, u64)> {
        let mut begun = Vec::new();
        for (at, keeping) in self.functions.iter_mut().enumerate() {
            while 0 < keeping.megabytes && keeping.next < now {
                let amount = keeping.megabytes * BLOCK.ceil_millis();
                begun.push((FunctionId::at(at), keeping.next, amount));
                keeping.next = keeping.next.saturating_add(BLOCK);
            }
        }
        begun
    }
}
