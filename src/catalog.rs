//! The kinds of charts: the one list of them.
//!
//! Command line, scenarios (`chart:`), reports, results, documents and tests take the kinds from here. This room
//! knows no other, so that whoever must not know how a chart is drawn can still name it. A new kind of chart of runs
//! is a file of `chart/` and a line here; `chart/kind.rs` says what the file has to have.

/// Hands the list to a macro. Each line: kind, file in `chart/`, word, and what it shows, in the order of the
/// documentation.
macro_rules! charts {
    ($with:ident) => {
        $with! {
            runs {
                Storm storm "storm"
                    "First attempts and retries against the limit, age when processed, dead letters";
                Flow flow "flow"
                    "Through how many runs arrivals went and where they ended, every count";
                DwellCcdf dwell_ccdf "dwell-ccdf"
                    "The share of the events that is not yet processed after each time";
                AgeHeatmap age_heatmap "age-heatmap"
                    "Ages when processed over time: the bands of retries, which percentiles hide";
                Redrive redrive "redrive"
                    "Dead letters by how often each was dead-lettered: what a redrive cures, and what comes back";
                Pollers pollers "pollers"
                    "Runs of a mapping's function at once against each limit, throttles, and the queue";
                Drain drain "drain"
                    "A backlog as it rises and falls, and the time to drain at each utilisation";
                IteratorAge iterator_age "iterator-age"
                    "How old what a stream's mapping reads is, records behind, and where a shard makes no progress";
                Deliveries deliveries "deliveries"
                    "Deliveries of topics and rules: delivered, filtered out, given up, tried again";
                Dependency dependency "dependency"
                    "Requests to a dependency: taken and refused, served and waiting, and how long they take";
                Hysteresis hysteresis "hysteresis"
                    "Successes over arrivals while load rises and falls, and whether the path is a loop";
            }
            others {
                Journey journey "journey" "One event's life as a timetable, under two policies";
                Amplification amplification "amplification"
                    "What succeeds and how often it is tried at failure rates from 0 to 100 %";
                VisibilityHeatmap visibility_heatmap "visibility-heatmap"
                    "Repeated work by VisibilityTimeout and BatchSize";
                Forest forest "forest" "Paired differences of policies with their intervals";
                Validation validation "validation"
                    "Predicted against measured, from a CSV file: name, measured, predicted and perhaps group";
            }
        }
    };
}
pub(crate) use charts;

macro_rules! kinds {
    (
        runs { $($run:ident $run_file:ident $run_word:literal $run_shows:literal;)* }
        others { $($other:ident $other_file:ident $other_word:literal $other_shows:literal;)* }
    ) => {
        /// A kind of chart that is drawn from recordings of runs.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum OfRuns { $(#[doc = $run_shows] $run,)* }

        /// A kind of chart that needs more than a run of each policy: many points, a comparison, a story, a file.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Other { $(#[doc = $other_shows] $other,)* }

        impl OfRuns {
            /// Every kind of runs.
            pub const ALL: &[OfRuns] = &[$(OfRuns::$run),*];

            /// Its word on the command line, in scenarios and in names of files.
            pub const fn word(self) -> &'static str {
                match self { $(OfRuns::$run => $run_word,)* }
            }
        }

        impl Kind {
            /// Every kind.
            pub const ALL: &[Kind] =
                &[$(Kind::Runs(OfRuns::$run),)* $(Kind::Other(Other::$other),)*];

            /// Its word on the command line, in scenarios and in names of files.
            pub const fn word(self) -> &'static str {
                match self {
                    Kind::Runs(of_runs) => of_runs.word(),
                    $(Kind::Other(Other::$other) => $other_word,)*
                }
            }

            /// What it shows.
            pub const fn shows(self) -> &'static str {
                match self {
                    $(Kind::Runs(OfRuns::$run) => $run_shows,)*
                    $(Kind::Other(Other::$other) => $other_shows,)*
                }
            }
        }

        /// The words of all kinds.
        pub const WORDS: &[&str] = &[$($run_word,)* $($other_word,)*];
    };
}

/// A kind of chart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Of recordings of runs.
    Runs(OfRuns),
    /// Of something else.
    Other(Other),
}

charts!(kinds);
