//! The simulator against the real Lambda: arrivals that were measured are played again, and the cold
//! starts that come of them are compared with those that were measured.
//!
//! The recordings are those of Mahmoudi and Khazaei ("Performance Modeling of Serverless Computing
//! Platforms", 2020): synchronous requests at a fixed mean rate, about 28 hours a file. They lie in
//! `DWELL_DATA`, or else in `../shared/data` beside this package; without them the test says so and
//! passes. Nothing is drawn here: times are those of the file, a run lasts as long as the median
//! warm run, its Init phase as much longer as the median cold answer came later than the median warm
//! one.
//!
//! Two lives of an environment are played: the default of ten minutes idle at any age, and what was
//! found in these very measurements (`environment_lifetime: aws_2020`, SE26 and SE27). None of this says
//! anything of today's lives, which nobody has measured.
//!
//! Beside the recordings there is a table of twenty such experiments, without their arrivals: those
//! are drawn, and the share of cold starts is compared (conformance case ST10e). `docs/validation.md`
//! has the figures; `DWELL_TIER=full DWELL_CHARTS=docs cargo test --test it measured` makes them and
//! `docs/validation.csv`, from which the chart beside them is drawn.

use dwell::{
    experiment,
    kernel::{Span, Time},
    model::{
        Fact, Moment, Observer,
        config::{Config, Process},
        world::Limits,
    },
    observe::summary::Total,
    scenario::{Options, load_text, runtimes::RUNTIMES},
};
use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

const LIMITS: Limits<'static> =
    Limits { events_max: u64::MAX, instant_max: u64::MAX, interrupted: &|_| false };

/// One recorded request, times in seconds.
struct Request {
    cold: bool,
    start: f64,
    end: f64,
    ran: f64,
}

/// The folder of the recordings.
fn folder() -> PathBuf {
    let data = match std::env::var_os("DWELL_DATA") {
        Some(folder) => PathBuf::from(folder),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data"),
    };
    data.join("pacslab-aws-lambda-2020")
}

fn read(path: &Path) -> Vec<Request> {
    let mut reader = csv::Reader::from_path(path).expect("a listed file can be read");
    let headers = reader.headers().expect("a header").clone();
    let column = |name: &str| headers.iter().position(|header| header == name).expect(name);
    let columns = ["is_cold", "client_start_s", "client_end_s", "aws_duration_ms"].map(column);
    let request = |record: Result<csv::StringRecord, csv::Error>| {
        let record = record.expect("a row");
        let [cold, start, end, ran] =
            columns.map(|column| record[column].parse::<f64>().expect("a number"));
        Request { cold: cold == 1.0, start, end, ran: ran / 1e3 }
    };
    let mut requests: Vec<Request> = reader.records().map(request).collect();
    requests.sort_by(|a, b| a.start.total_cmp(&b.start));
    requests
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Predicts the cold starts of a recording. An environment is warm when it begins, as there: the
/// first ten minutes were not recorded.
fn predict(requests: &[Request], lifetime: &str) -> u64 {
    let warm = || requests.iter().filter(|request| !request.cold);
    let cold = || requests.iter().filter(|request| request.cold);
    let service = median(warm().map(|request| request.ran));
    let answer = |request: &Request| request.end - request.start;
    let init = (median(cold().map(answer)) - median(warm().map(answer))).max(0.0);
    let text = format!(
        "duration: 10d
warmup: 1s
assumptions: {{environment_lifetime: {lifetime}}}
functions:
  F: {{Timeout: 60, service_time: {:.0}us, init_time: {:.0}us}}
callers:
  Clients: {{target: F, arrivals: {{at: [0s]}}}}
",
        service * 1e6,
        init * 1e6
    );
    let loaded = load_text(&text, "measured.yaml", &Options::default());
    let mut config: Config = loaded.unwrap_or_else(|why| panic!("{why}")).config;
    let first = requests[0].start;
    let at = |request: &Request| {
        Time::ZERO + Span::secs(60) + Span::from_nanos_f64((request.start - first) * 1e9)
    };
    let times: Vec<Time> = std::iter::once(Time::ZERO).chain(requests.iter().map(at)).collect();
    let end = *times.last().expect("there are requests") + Span::secs(60);
    let resources = Arc::make_mut(&mut config.resources);
    resources.calls[0].arrivals[0].process = Process::At(times.into());
    resources.calls[0].arrivals[0].until = end;
    config.duration = end;

    let outcome = experiment::play(&config, Vec::new(), None, &LIMITS).outcome;
    assert_eq!(outcome.faults, Vec::<String>::new());
    let function = outcome.results.resources.get("F").expect("the function");
    let count = |measure: &str| match function.get(measure) {
        Some(Total::Count(count)) => *count,
        other => panic!("{measure} is {other:?}"),
    };
    assert_eq!(count("Invocations"), requests.len() as u64, "all are played");
    count("cold_starts")
}

#[test]
fn measured_cold_starts_are_predicted() {
    let folder = folder();
    let Ok(files) = fs::read_dir(&folder) else {
        return eprintln!(
            "skipped: no recordings in {}; set DWELL_DATA to where they are",
            folder.display()
        );
    };
    let mut paths: Vec<PathBuf> = files.map(|file| file.expect("a listed file").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "csv"));
    paths.sort();
    assert!(!paths.is_empty(), "no recordings in {}", folder.display());

    let mut wrong = Vec::new();
    eprintln!(" requests   rate 1/s   cold: measured       10 min     aws_2020");
    for path in &paths {
        let requests = read(path);
        let length = requests[requests.len() - 1].start - requests[0].start;
        let rate = requests.len() as f64 / length;
        let measured = requests.iter().filter(|request| request.cold).count() as u64;
        let default = predict(&requests, "as_written");
        let found = predict(&requests, "aws_2020");
        let name = path.file_name().expect("a file has a name").to_string_lossy();
        eprintln!(
            "{:>9} {rate:>10.5} {measured:>16} {default:>12} {found:>12}   {name}",
            requests.len(),
        );
        let mut expect = |holds: bool, what: &str| {
            if !holds {
                wrong.push(format!("{name}: {what}"));
            }
        };
        let share = |predicted: u64| predicted as f64 / measured as f64;
        // Found: 0.82 to 1.25.
        let near = (0.67..=1.5).contains(&share(default));
        expect(near, "ten minutes predict a count that is not within half of the measured");
        // Found: 0.95 to 1.09.
        let close = (0.85..=1.15).contains(&share(found));
        expect(close, "the lives of 2020 predict a count that is not within 15 %");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// One experiment on AWS: synchronous requests at random for about a day or longer.
pub struct Experiment {
    /// Requests a second.
    rate: f64,
    /// Mean answer of a warm and of a cold request, in milliseconds.
    warm_ms: f64,
    cold_ms: f64,
    /// The share of requests that were cold, and its standard error.
    cold_share: f64,
    error: f64,
}

/// pacslab/simfaas, examples/exp.csv, commit 5dd1623 (MIT licence, (c) 2020 Nima Mahmoudi): rate, warm and
/// cold answer, share of cold starts with its standard error over ten blocks.
const EXPERIMENTS: [[f64; 5]; 20] = [
    [0.00186, 1955.0, 2563.4, 0.342988, 0.031763],
    [0.00246, 1954.2, 2462.8, 0.210828, 0.037085],
    [0.00288, 1952.4, 2536.1, 0.145431, 0.024181],
    [0.00345, 1959.8, 2430.1, 0.110098, 0.022802],
    [0.00425, 1958.3, 2397.8, 0.079480, 0.012393],
    [0.00572, 1951.7, 2358.6, 0.038285, 0.006170],
    [0.00785, 1969.6, 2422.0, 0.033821, 0.005196],
    [0.01638, 1959.4, 2340.9, 0.019553, 0.002137],
    [0.05012, 1967.1, 2192.3, 0.008542, 0.000936],
    [0.09987, 1972.6, 2310.1, 0.005949, 0.000681],
    [0.10038, 1975.9, 2244.1, 0.005658, 0.000416],
    [0.19808, 1986.1, 2302.0, 0.003724, 0.000275],
    [0.30179, 1991.7, 2270.8, 0.002939, 0.000200],
    [0.39749, 1997.8, 2180.5, 0.002085, 0.000137],
    [0.49967, 2006.7, 2152.4, 0.001913, 0.000097],
    [0.59561, 2002.4, 2208.7, 0.001756, 0.000069],
    [0.69727, 2012.7, 2183.5, 0.001751, 0.000114],
    [0.79794, 2015.5, 2182.8, 0.001560, 0.000062],
    [0.90246, 2016.0, 2163.4, 0.001513, 0.000066],
    [1.00053, 2021.7, 2172.5, 0.001307, 0.000081],
];

/// What a simulated experiment came to.
pub struct Predicted {
    experiment: Experiment,
    cold_share: f64,
}

impl Predicted {
    /// How far it is from what was measured, as a share of that.
    fn off(&self) -> f64 {
        self.cold_share / self.experiment.cold_share - 1.0
    }
    /// The same in standard errors of the measurement.
    fn errors_off(&self) -> f64 {
        (self.cold_share - self.experiment.cold_share) / self.experiment.error
    }
}

/// Counts runs and cold starts from an instant on.
struct ColdStarts {
    from: Time,
    runs: u64,
    cold: u64,
}

impl Observer for ColdStarts {
    fn saw(&mut self, moment: &Moment<'_>, fact: &Fact) {
        if let Fact::RunStarted { cold, .. } = fact
            && self.from <= moment.now
        {
            self.runs += 1;
            self.cold += u64::from(cold.is_some());
        }
    }
}

/// Plays an experiment, so long that about `wanted` cold starts come of it; the first two days do not
/// count. Answers stand for the times that environments are busy, as in SimFaaS.
fn simulate(experiment: Experiment, wanted: f64) -> Predicted {
    let Experiment { rate, warm_ms, cold_ms, cold_share, .. } = experiment;
    let warmup = Span::days(2);
    let requests = (wanted / cold_share).max(100.0 * wanted.sqrt());
    let length = warmup.as_secs_f64() + requests / rate;
    let text = format!(
        "seed: 2020
duration: {length:.0}s
assumptions: {{environment_lifetime: aws_2020}}
functions:
  F: {{Timeout: 60, service_time: {:.0}us, init_time: {:.0}us}}
callers:
  Clients: {{target: F, arrivals: {{poisson: {rate}/s}}}}
",
        1e3 * warm_ms,
        1e3 * (cold_ms - warm_ms)
    );
    let loaded = load_text(&text, "experiment.yaml", &Options::default());
    let config = loaded.unwrap_or_else(|why| panic!("{why}")).config;
    let counts = ColdStarts { from: Time::ZERO + warmup, runs: 0, cold: 0 };
    let (counts, _) = experiment::watch(&config, counts, &LIMITS);
    Predicted { experiment, cold_share: counts.cold as f64 / counts.runs as f64 }
}

#[test]
fn measured_shares_of_cold_starts_are_predicted_st10e() {
    let full = std::env::var("DWELL_TIER").is_ok_and(|tier| tier == "full");
    let wanted = if full { 4000.0 } else { 250.0 };
    let experiments = EXPERIMENTS.map(|[rate, warm_ms, cold_ms, cold_share, error]| Experiment {
        rate,
        warm_ms,
        cold_ms,
        cold_share,
        error,
    });
    let all: Vec<Predicted> = experiments.into_iter().map(|e| simulate(e, wanted)).collect();
    let mean = 100.0 * all.iter().map(|p| p.off().abs()).sum::<f64>() / all.len() as f64;
    let mut table = String::from(
        "| rate 1/s | cold, measured | standard error | cold, predicted | off by | in standard errors |\n\
         |---:|---:|---:|---:|---:|---:|\n",
    );
    for p in &all {
        let Experiment { rate, cold_share, error, .. } = p.experiment;
        table += &format!(
            "| {rate:.5} | {:.3} % | {:.3} % | {:.3} % | {:+.1} % | {:+.2} |\n",
            100.0 * cold_share,
            100.0 * error,
            100.0 * p.cold_share,
            100.0 * p.off(),
            p.errors_off()
        );
    }
    eprintln!("{table}mean absolute percentage error: {mean:.1} %");
    for p in &all {
        assert!(p.errors_off().abs() < 3.0, "at {} a second", p.experiment.rate);
    }
    assert!(mean <= 12.0, "SimFaaS has 12.2 %");
    let point = |p: &Predicted| {
        let Experiment { rate, cold_share, error, .. } = p.experiment;
        let [measured, predicted, error] = [cold_share, p.cold_share, error].map(|it| 100.0 * it);
        format!(
            "{rate:.5}/s,{measured:.3},{predicted:.3},Share of cold starts in percent,{error:.3}\n"
        )
    };
    let header = "name,measured,predicted,group,standard_error\n".to_owned();
    let points = header + &all.iter().map(point).collect::<String>();
    if let Ok(folder) = std::env::var("DWELL_CHARTS") {
        let path = Path::new(&folder).join("validation.csv");
        fs::write(path, &points).expect("the folder can be written");
    }
    if full {
        let known = fs::read_to_string("docs/validation.csv").expect("it is there");
        assert!(known == points, "docs/validation.csv has other figures");
        let document = fs::read_to_string("docs/validation.md").expect("it is there");
        assert!(document.contains(&table), "docs/validation.md has other figures");
    }
}

#[test]
fn measured_init_times_of_the_table_are_those_of_the_source() {
    let path = folder().with_file_name("lambda-perf").join("derived_init_ms_quantiles_2026-08.csv");
    let Ok(mut reader) = csv::Reader::from_path(&path) else {
        return eprintln!("skipped: no {}; set DWELL_DATA to its folder", path.display());
    };
    let headers = reader.headers().expect("a header").clone();
    let column = |name: &str| headers.iter().position(|header| header == name).expect(name);
    let [runtime, package, arch] = ["runtime", "package", "arch"].map(column);
    let percentiles = ["p10", "p50", "p90", "p99", "max"].map(column);
    let rows: Vec<csv::StringRecord> = reader.records().map(|row| row.expect("a row")).collect();
    for (name, source, milliseconds) in RUNTIMES {
        let of_it = |row: &&csv::StringRecord| {
            &row[runtime] == *source && &row[package] == "zip" && &row[arch] == "x86_64"
        };
        let of_it: Vec<_> = rows.iter().filter(of_it).collect();
        assert_eq!(of_it.len(), 4, "{name}: 128, 256, 512 and 1,024 MB");
        for (column, expected) in percentiles.into_iter().zip(milliseconds) {
            let number = |row: &&csv::StringRecord| row[column].parse::<f64>().expect("a number");
            let mean = of_it.iter().map(number).sum::<f64>() / 4.0;
            assert!((mean - expected).abs() <= 0.0501, "{name}: {mean}, not {expected}");
        }
    }
}
