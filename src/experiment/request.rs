//! What is asked of a study, and how it becomes a plan.

use super::{
    Arm, Plan, RunError, Wrong, all_thresholds, cut_of, metrics, read_warmup, usual_metrics,
};
use crate::{
    scenario::{Opened, Options, Scenario},
    study::{Cut, CutFrom, Kind},
};

/// What is asked of a study.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// Changes to every file, each `path=value`.
    pub sets: Vec<String>,
    /// A seed instead of the scenario's.
    pub seed: Option<u64>,
    /// The policies that are played; none: all of the file.
    pub policies: Vec<String>,
    /// What the others are compared to; none: the first.
    pub baseline: Option<String>,
    /// How often each is played; none: as the scenario says.
    pub replications: Option<u32>,
    /// What is read of every run; none: what matters to most.
    pub metrics: Vec<String>,
    /// From where on is counted: a time, or a share of the duration. None: as the scenario says.
    pub warmup: Option<String>,
}

impl Request {
    /// What a file is loaded with.
    pub(super) fn options<'a>(&'a self, policy: Option<&'a str>) -> Options<'a> {
        Options { sets: &self.sets, policy, seed: self.seed, ..Options::default() }
    }

    /// How often each is played of a study whose first arm has this scenario.
    pub(super) fn replications(&self, first: &Scenario) -> u32 {
        self.replications.unwrap_or(first.replications).max(1)
    }
}

/// The policies of a file that are played: those that are named, or all; in the order of the file.
pub fn policies(file: &Opened, request: &Request) -> Result<Vec<String>, RunError> {
    let scenario = file.scenario(&request.options(None))?;
    let known = || scenario.policies.iter().map(String::as_str);
    for name in &request.policies {
        if !known().any(|policy| policy == name) {
            return Err(Wrong::unknown(format!("there is no policy `{name}`"), name, known).into());
        }
    }
    let named = &request.policies;
    let wanted = |policy: &&String| named.is_empty() || named.contains(policy);
    Ok(scenario.policies.iter().filter(wanted).cloned().collect())
}

/// [`policies`], or for a file that has none the file as it is written.
pub fn policies_or_none(file: &Opened, request: &Request) -> Result<Vec<Option<String>>, RunError> {
    let policies = policies(file, request)?;
    Ok(match policies.is_empty() {
        true => vec![None],
        false => policies.into_iter().map(Some).collect(),
    })
}

/// Makes a plan of what is to be played: every arm is looked at whole, with the metrics, before
/// anything is played. `more` metrics are read beside those that are named, or usual. Also gives the
/// scenario of the first arm.
pub(super) fn plan(
    files: Vec<Opened>,
    arms: Vec<Arm>,
    request: &Request,
    more: &[String],
    judges: bool,
) -> Result<(Plan, Scenario), RunError> {
    let options = Options { point: &arms[0].point, ..request.options(arms[0].policy.as_deref()) };
    let first = files[arms[0].file].scenario(&options)?;
    let warmup = match &request.warmup {
        None => None,
        Some(text) => Some(read_warmup(text, &first).ok_or_else(|| {
            let hint = "a time or a share of the duration: --warmup 10m, --warmup 20%, --warmup 0s";
            Wrong::new(format!("`{text}` is no warm-up"), hint)
        })?),
    };
    let cut = match judges {
        // Thresholds are of the file as it is written.
        true => Cut {
            kind: Kind::Terminating,
            from: CutFrom::Scenario,
            warmup: first.config.warmup,
            period: first.config.period,
            duration: first.config.duration,
        },
        false => cut_of(&first, first.config.is_stationary(), warmup),
    };
    let mut texts = match request.metrics.as_slice() {
        [] if judges => Vec::new(),
        [] => usual_metrics(&first.config),
        named => named.to_vec(),
    };
    for text in more.iter().map(|text| text.trim()) {
        if !texts.iter().any(|known| known.trim() == text) {
            texts.push(text.to_owned());
        }
    }
    let read = metrics(&first, &texts)?;
    let (seed, sets) = (first.seed, request.sets.clone());
    let mut plan = Plan { files, sets, arms, metrics: read, judges, seed, cut };
    let mut is_stationary = true;
    for arm in &plan.arms {
        let scenario = plan.scenario(arm, 0, true)?;
        is_stationary &= scenario.config.is_stationary();
        metrics(&scenario, &texts)?;
        all_thresholds(&scenario).map_err(|found| RunError::mistakes(found, &scenario))?;
    }
    if !judges {
        plan.cut = cut_of(&first, is_stationary, warmup);
    }
    Ok((plan, first))
}
