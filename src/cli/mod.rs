//! The command line: arguments in, text out; the only place with a clock, standard output and exit codes.

mod chart;
mod check;
mod compare;
mod exit;
mod explain;
mod gallery;
mod journey;
mod printing;
mod report;
mod run;
mod shards;
mod story;
mod studying;
mod sweep;
mod validation;
mod watch;
mod watching;

use crate::{
    catalog::Kind,
    chart::{Look, Theme},
};
use clap::{ArgGroup, Args, Parser, Subcommand, ValueEnum, builder::PossibleValue};
use exit::Exit;
use std::{panic, path::PathBuf, process::ExitCode};

/// Shows what AWS Lambda really does with an invocation.
///
/// dwell plays a scenario file forward by AWS's own rules and tells what happened: what was retried,
/// throttled, duplicated, dropped, dead-lettered and redriven, how long it waited, and which rule says so.
#[derive(Debug, Parser)]
#[command(
    name = "dwell",
    version,
    after_help = "\
Exit codes: 0 fine; 1 the tool's own failure; 2 usage; 3 bad scenario; 4 stopped by a limit; \
5 output could not be written; 99 a threshold failed; 130 interrupted."
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Play scenario files and print what happened
    Run(RunArgs),
    /// Compare policies, or files, under the same luck
    Compare(CompareArgs),
    /// Draw a chart that stands by itself
    Chart(ChartArgs),
    /// Write one page that shows a scenario to others: a player, charts, the comparison, every number
    Report(ReportArgs),
    /// Play every point of a grid, on one machine or in shards on many
    Sweep(SweepArgs),
    /// Put the shards of a sweep together
    Merge(MergeArgs),
    /// Judge the thresholds of scenario files by many runs of every policy
    Check(CheckArgs),
    /// Tell the life of one payload, with the rule at each step
    Story(StoryArgs),
    /// Play a scenario live on the terminal: queues filling, the story of a message as it grows
    Watch(WatchArgs),
    /// Explain a property, a measure, a rule, a caller or an assumption
    Explain {
        /// Such as `VisibilityTimeout`, `A2.16`, `sqs` or `assumptions`; without it, the list of all names
        name: Option<String>,
        /// Print the page of every key instead, as in docs/reference.md
        #[arg(long, conflicts_with = "name")]
        reference: bool,
        /// Print the table of all callers instead, as in docs/callers.md
        #[arg(long, conflicts_with_all = ["name", "reference"])]
        callers: bool,
    },
    /// Print the JSON Schema of scenario files
    Schema,
    /// List the scenarios that ship with dwell, print one, or write it out
    Scenarios(ScenariosArgs),
}

/// What is played.
#[derive(Clone, Debug, Args)]
struct Played {
    /// Play this policy of the file instead of the file as written
    #[arg(long, value_name = "NAME")]
    policy: Option<String>,
    /// Replace the scenario's seed
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Change a path of the scenario, such as `queues.Jobs.VisibilityTimeout=60s`; may be repeated
    #[arg(long = "set", value_name = "PATH=VALUE")]
    sets: Vec<String>,
    /// Stop after so many events, with partial results
    #[arg(long, value_name = "N", default_value_t = 1_000_000_000)]
    max_events: u64,
    /// Show no progress bar
    #[arg(long)]
    no_progress: bool,
}

#[derive(Debug, Args)]
struct RunArgs {
    /// Scenario files
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    played: Played,
    /// What to print to standard output
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// Folder of the results, one folder a scenario in it
    #[arg(short, long, value_name = "DIR", default_value = "output")]
    output: PathBuf,
    /// Also write `events.csv`: one row a fact
    #[arg(long)]
    events: bool,
    /// Show throughput and depth over time below the table, as on a terminal
    #[arg(long, conflicts_with = "quiet")]
    plot: bool,
    /// Print nothing but errors, failed thresholds, and those that one run cannot judge
    #[arg(long)]
    quiet: bool,
}

/// What is played many times.
#[derive(Clone, Debug, Args)]
struct Replicated {
    /// Play each so many times; replication 0 has the scenario's seed [default: the scenario's, or 20]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    replications: Option<u32>,
    /// Replace the scenario's seed
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Change a path of the scenario, such as `queues.Jobs.VisibilityTimeout=60s`; may be repeated
    #[arg(long = "set", value_name = "PATH=VALUE")]
    sets: Vec<String>,
    /// Play on so many threads; the results are the same on any number [default: all there are]
    #[arg(long, value_name = "N", value_parser = threads)]
    threads: Option<usize>,
    /// Stop a run after so many events
    #[arg(long, value_name = "N", default_value_t = 1_000_000_000)]
    max_events: u64,
    /// Show no progress bar
    #[arg(long)]
    no_progress: bool,
}

/// What is read of runs that are played many times.
#[derive(Clone, Debug, Args)]
struct Repeated {
    #[command(flatten)]
    replicated: Replicated,
    /// Read this of every run, such as `Orders.latency p99` or `dead_lettered / arrivals`; may be repeated
    #[arg(long = "metric", value_name = "METRIC")]
    metrics: Vec<String>,
    /// Count from here on: a time, or a share of the duration [default: the scenario's; in a
    /// steady-state study that says nothing, 10%]
    #[arg(long, value_name = "TIME|SHARE")]
    warmup: Option<String>,
}

/// What is printed of a study, and where its results go.
#[derive(Debug, Args)]
struct Output {
    /// What to print to standard output
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// Folder of the results: `<scenario>.compare` or `<scenario>.sweep` in it
    #[arg(short = 'o', long = "output", value_name = "DIR", default_value = "output")]
    folder: PathBuf,
    /// Print nothing but errors
    #[arg(long)]
    quiet: bool,
}

/// Reads a number of threads.
fn threads(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(n @ 1..=1024) => Ok(n),
        Ok(_) | Err(_) => Err("1 to 1024".to_owned()),
    }
}

/// Reads a share such as `5%`.
fn share(text: &str) -> Result<f64, String> {
    let number = text.strip_suffix('%').and_then(|number| number.trim().parse::<f64>().ok());
    match number {
        Some(percent) if 0.0 < percent && percent < 100.0 => Ok(percent / 100.0),
        Some(_) | None => Err("a share between 0% and 100%, such as 5%".to_owned()),
    }
}

/// What is compared to what.
#[derive(Clone, Debug, Args)]
struct Compared {
    /// Compare to this policy, or file [default: the first]
    #[arg(long, value_name = "NAME")]
    baseline: Option<String>,
    /// Compare only these policies
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    policies: Vec<String>,
    #[command(flatten)]
    repeated: Repeated,
}

#[derive(Debug, Args)]
struct CompareArgs {
    /// A scenario file, whose policies are compared; or several, which are compared as they are written
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    compared: Compared,
    /// Play on until every interval is as narrow as this share of its mean
    #[arg(long, value_name = "SHARE", value_parser = share)]
    precision: Option<f64>,
    /// With --precision: at most so many replications
    #[arg(long, value_name = "N", default_value_t = 1000, requires = "precision")]
    max_replications: u32,
    /// Also write `diff-events.csv`: every arrival with another fate
    #[arg(long)]
    diff_events: bool,
    #[command(flatten)]
    output: Output,
}

#[derive(Debug, Args)]
struct ChartArgs {
    /// A scenario file, or a folder of results; for `validation` a CSV file
    #[arg(value_name = "FILE|RESULT")]
    file: PathBuf,
    /// What is drawn; of a scenario file, its `chart` if this is left out
    #[arg(value_enum, value_name = "KIND")]
    kind: Option<Kind>,
    #[command(flatten)]
    compared: Compared,
    /// Of a journey: the event, such as `Orders-17`, or `17` if there is one caller
    #[arg(long, value_name = "N")]
    id: Option<String>,
    /// Of a journey: the first event that came there: a word of the ledger, such as `dead-lettered`
    #[arg(long, value_name = "PLACE", conflicts_with = "id")]
    first: Option<String>,
    /// Of an amplification: the function whose runs fail; without it, the one that runs most
    #[arg(long, value_name = "NAME")]
    function: Option<String>,
    /// The picture, or its data; without it, what the ending of the file that is written says, or svg
    #[arg(long, value_enum)]
    format: Option<ChartFormat>,
    /// Its width in pixels
    #[arg(long, value_name = "N", default_value_t = Look::default().width, value_parser = width)]
    width: u32,
    /// Its colours
    #[arg(long, value_enum, default_value_t = ChartTheme::Light)]
    theme: ChartTheme,
    /// Write this file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl ValueEnum for Kind {
    fn value_variants<'a>() -> &'a [Kind] {
        Kind::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.word()).help(self.shows()))
    }
}

/// What a chart is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ChartFormat {
    /// A picture of lines and letters
    Svg,
    /// A picture of pixels
    Png,
    /// What is drawn, in numbers
    Csv,
}

/// The colours of a chart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ChartTheme {
    /// Ink on white
    Light,
    /// Light on nearly black
    Dark,
}

impl From<ChartTheme> for Theme {
    fn from(theme: ChartTheme) -> Theme {
        match theme {
            ChartTheme::Light => Theme::Light,
            ChartTheme::Dark => Theme::Dark,
        }
    }
}

/// Reads the width of a chart.
fn width(text: &str) -> Result<u32, String> {
    match text.parse() {
        Ok(width) if Look::WIDTHS.contains(&width) => Ok(width),
        Ok(_) | Err(_) => Err(format!("{} to {}", Look::WIDTHS.start(), Look::WIDTHS.end())),
    }
}

#[derive(Debug, Args)]
struct ReportArgs {
    /// The scenario file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Folder of the page, which is called like the file
    #[arg(short, long, value_name = "DIR", default_value = "output")]
    output: PathBuf,
    /// Show only these policies, at most four [default: the first]
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    policies: Vec<String>,
    /// Also play the first policy at each of these values, at most 40, for the page's slider:
    /// `PATH=30s,60s,180s` or `PATH=1..10`
    #[arg(long = "try", value_name = "PATH=VALUES")]
    tried: Option<String>,
    #[command(flatten)]
    replicated: Replicated,
}

#[derive(Debug, Args)]
struct SweepArgs {
    /// The scenario file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Vary a path: `PATH=30s,60s,180s`, `PATH=1..10`, `PATH=30s..300s by 30s`; may be repeated
    #[arg(long = "grid", value_name = "PATH=VALUES", required = true)]
    grids: Vec<String>,
    /// Instead of every combination, spread so many points evenly over all (a Latin hypercube)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1 << 20))]
    lhs: Option<u64>,
    /// Play this policy of the file instead of the file as written
    #[arg(long, value_name = "NAME")]
    policy: Option<String>,
    #[command(flatten)]
    repeated: Repeated,
    /// Also tell which points no other is better than in both of two metrics
    #[arg(long, num_args = 2, value_names = ["METRIC", "METRIC"])]
    pareto: Vec<String>,
    /// Play only this part, such as 2/8; `auto` reads it from the variables of Slurm, AWS Batch or HyperQueue
    #[arg(long, value_name = "I/N|auto")]
    shard: Option<String>,
    /// With `--shard auto`: so many parts; a task of Slurm is then the part of its number
    #[arg(long, value_name = "N", requires = "shard")]
    shards: Option<u32>,
    /// Go on with a sweep that was interrupted
    #[arg(long)]
    resume: bool,
    #[command(flatten)]
    output: Output,
}

#[derive(Debug, Args)]
struct MergeArgs {
    /// The folders of all shards
    #[arg(required = true, value_name = "DIR")]
    folders: Vec<PathBuf>,
    #[command(flatten)]
    output: Output,
}

#[derive(Debug, Args)]
struct CheckArgs {
    /// Scenario files
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Play only these policies, and judge the thresholds that they answer
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    policies: Vec<String>,
    #[command(flatten)]
    replicated: Replicated,
    /// What to print to standard output
    #[arg(long, value_enum, default_value_t = CheckFormat::Text)]
    format: CheckFormat,
}

/// What `check` prints to standard output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum CheckFormat {
    /// What failed, for people; nothing if all hold
    Text,
    /// Everything, as one object
    Json,
    /// A test a threshold and policy, for test reports
    Junit,
    /// What failed at its line, for code scanning
    Sarif,
}

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("payload").required(true).args(["id", "first"])))]
struct StoryArgs {
    /// The scenario file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The payload: `Orders-17`, or `17` if there is one caller
    #[arg(long, value_name = "N")]
    id: Option<String>,
    /// The first payload that came there: a word of the ledger, such as `dead-lettered`
    #[arg(long, value_name = "PLACE")]
    first: Option<String>,
    /// Tell it beside what happens to the same payload under this policy
    #[arg(long, value_name = "NAME")]
    versus: Option<String>,
    #[command(flatten)]
    played: Played,
}

#[derive(Debug, Args)]
struct WatchArgs {
    /// The scenario file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    played: Played,
}

#[derive(Debug, Args)]
struct ScenariosArgs {
    /// Such as `three-tries`; without it, all with their questions
    name: Option<String>,
    /// Write it to this file, or into this folder, and beside it the data that it reads
    #[arg(short, long, value_name = "FILE", requires = "name")]
    output: Option<PathBuf>,
    /// Replace files that exist
    #[arg(long, requires = "output")]
    force: bool,
}

/// What is printed to standard output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Table,
    /// One object; one a line if there are several
    Json,
    /// Rows with commas
    Csv,
    /// For a pull request
    Markdown,
}

/// Runs the command of this process.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are no mistakes; anything else is one of usage.
            let code = if error.use_stderr() { Exit::Usage } else { Exit::Fine };
            return match error.print() {
                Ok(()) => code.into(),
                Err(unwritten) => exit::report(&unwritten.into()).into(),
            };
        }
    };
    panic::set_hook(Box::new(|panic| {
        eprintln!("error: dwell is broken here: {panic}");
        eprintln!("hint: please report it with the scenario and its seed");
    }));
    let result = panic::catch_unwind(|| match cli.command {
        Command::Run(args) => run::run(&args),
        Command::Compare(args) => compare::compare(&args),
        Command::Chart(args) => chart::chart(&args),
        Command::Report(args) => report::report(&args),
        Command::Sweep(args) => sweep::sweep(&args),
        Command::Merge(args) => sweep::merge(&args),
        Command::Check(args) => check::check(&args),
        Command::Story(args) => story::story(&args),
        Command::Watch(args) => watch::watch(&args),
        Command::Explain { reference: true, .. } => explain::reference(),
        Command::Explain { callers: true, .. } => explain::callers(),
        Command::Explain { name, .. } => explain::explain(name.as_deref()),
        Command::Schema => explain::schema(),
        Command::Scenarios(args) => gallery::scenarios(&args),
    });
    match result {
        Ok(Ok(exit)) => exit.into(),
        Ok(Err(error)) => exit::report(&error).into(),
        Err(_) => Exit::Failure.into(),
    }
}
