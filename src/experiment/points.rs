//! Runs for charts of points: one scenario, played again and again with something set to another value.

use super::{Request, RunError, Workers, Wrong, policies_or_none, recording};
use crate::{
    chart::points::{Cell, FailureRates, Line, Rate, Setting, Visibilities},
    model::config::{Mapping, Resources},
    observe::Recording,
    scenario::{Failure, Opened, Options, Scenario},
};

/// Failure rates that are played, in percent.
const RATES: [u32; 11] = [0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100];
/// Visibility timeouts that are played, in tenths of the function's timeout.
const VISIBILITIES: [u64; 8] = [5, 10, 15, 20, 30, 40, 60, 80];
/// Batch sizes that are played; above 10 only up to the file's own.
const BATCHES: [u32; 7] = [1, 2, 5, 10, 50, 200, 1_000];
/// Larger batches are only for those who use them: most others would see every run time out.
const USUAL_BATCH_MAX: u32 = 10;

/// A scenario file of which points are made.
struct Base<'a> {
    opened: &'a Opened,
    request: &'a Request,
    workers: &'a Workers<'a>,
}

impl Base<'_> {
    /// The policies that are named, or all; none for a file that has none.
    fn policies(&self) -> Result<Vec<Option<String>>, RunError> {
        policies_or_none(self.opened, self.request)
    }

    /// The scenario at a point.
    fn at(&self, policy: Option<&str>, point: &[String], alone: bool) -> Result<Scenario, Failure> {
        self.opened.scenario(&Options { point, alone, ..self.request.options(policy) })
    }

    /// Plays scenarios.
    fn play(&self, scenarios: &[Scenario]) -> Result<Vec<Recording>, RunError> {
        recording::play_each(scenarios, self.workers, |_, recording| recording)
    }
}

fn setting(scenario: &Scenario) -> Setting {
    Setting {
        file: scenario.file_name(),
        hash: scenario.hash.clone(),
        title: scenario.title.clone(),
        seed: scenario.seed,
    }
}

/// Plays every policy at every failure rate of a function: the one that is named, or that runs most.
pub fn failure_rates(
    opened: &Opened,
    request: &Request,
    function: Option<&str>,
    workers: &Workers<'_>,
) -> Result<FailureRates, RunError> {
    let base = Base { opened, request, workers };
    let policies = base.policies()?;
    let first = base.at(policies[0].as_deref(), &[], false)?;
    let functions = &first.config.resources.functions;
    let function = match function {
        Some(name) => {
            functions.iter().position(|function| function.name == *name).ok_or_else(|| {
                let names = || functions.iter().map(|function| function.name.as_str());
                Wrong::unknown(format!("there is no function `{name}`"), name, names)
            })?
        }
        None => base.play(std::slice::from_ref(&first))?[0].busiest().ok_or_else(|| {
            Wrong::new("the file has no function that could fail", "draw another chart")
        })?,
    };
    let name = functions[function].name.clone();
    let mut scenarios = Vec::new();
    for policy in &policies {
        for percent in RATES {
            let point = [format!("functions.{name}.error_rate={percent}%")];
            scenarios.push(base.at(policy.as_deref(), &point, true)?);
        }
    }
    let mut played = base.play(&scenarios)?.into_iter();
    let lines = policies.into_iter().map(|policy| Line {
        name: policy.unwrap_or_default(),
        points: RATES
            .into_iter()
            .zip(played.by_ref())
            .map(|(percent, recording)| Rate {
                percent,
                events: recording.arrived.total(),
                succeeded: recording.succeeded.total(),
                attempts: recording.functions[function].records,
            })
            .collect(),
    });
    let lines = lines.collect();
    Ok(FailureRates { setting: setting(&first), function: name, lines })
}

/// Plays every visibility timeout and batch size of the mapping that sends most batches, under the first
/// policy that is named or written.
pub fn visibilities(
    opened: &Opened,
    request: &Request,
    workers: &Workers<'_>,
) -> Result<Visibilities, RunError> {
    let base = Base { opened, request, workers };
    let policy = base.policies()?.swap_remove(0);
    let first = base.at(policy.as_deref(), &[], false)?;
    let recording = base.play(std::slice::from_ref(&first))?.swap_remove(0);
    let Some(mapping) = recording.busiest_mapping() else {
        let message = "the file has no event source mapping of a queue";
        return Err(Wrong::new(message, "draw another chart").into());
    };
    let resources: &Resources = &first.config.resources;
    let Mapping { name, queue, function, batch_size, .. } = &resources.mappings[mapping];
    let (queue, function) =
        (&resources.queues[queue.index()], &resources.functions[function.index()]);
    let timeout_ms = function.timeout.as_nanos() / 1_000_000;
    // SQS counts whole seconds.
    let mut visibilities_ms: Vec<u64> = VISIBILITIES
        .into_iter()
        .map(|tenths| (timeout_ms * tenths).div_ceil(10_000).max(1) * 1_000)
        .collect();
    visibilities_ms.dedup();
    let batches: Vec<u32> =
        BATCHES.into_iter().filter(|batch| *batch <= USUAL_BATCH_MAX.max(*batch_size)).collect();
    let (mut scenarios, mut refused) = (Vec::new(), Vec::new());
    for batch in &batches {
        for visibility in &visibilities_ms {
            let point = [
                format!("queues.{}.VisibilityTimeout={}", queue.name, visibility / 1_000),
                format!("event_source_mappings.{name}.BatchSize={batch}"),
            ];
            match base.at(policy.as_deref(), &point, true) {
                Ok(scenario) => {
                    scenarios.push(scenario);
                    refused.push(None);
                }
                Err(failure) => refused.push(Some(why(&failure))),
            }
        }
    }
    let mut played = base.play(&scenarios)?.into_iter();
    let mut cells = refused.into_iter().map(|refused| match refused {
        Some(reason) => Cell::Refused(reason),
        None => {
            let recording = played.next().expect("what is not refused was played");
            let function = recording.mappings[mapping].function;
            let duplicates = recording.functions[function].duplicates.total();
            Cell::Duplicates(duplicates, recording.arrived.total())
        }
    });
    let rows = batches
        .iter()
        .map(|batch| (*batch, cells.by_ref().take(visibilities_ms.len()).collect()))
        .collect();
    Ok(Visibilities {
        setting: setting(&first),
        policy: policy.unwrap_or_default(),
        names: (queue.name.clone(), function.name.clone()),
        timeout_ms,
        visibilities_ms,
        batches: rows,
    })
}

/// Why a point is refused, in a line.
fn why(failure: &Failure) -> String {
    match failure {
        Failure::Unreadable { error, .. } => error.to_string(),
        Failure::Bad { diagnostics, .. } => {
            diagnostics.first().map_or_else(String::new, |mistake| mistake.message.clone())
        }
    }
}
