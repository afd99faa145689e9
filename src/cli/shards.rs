//! Which part of a sweep a process is to play.

use super::exit::{Exit, failed};
use crate::{scenario::diagnostic::quoted, study::sweep::Shard};
use anyhow::Result;

/// Which part `--shard` means: `2/8`, or `auto` by the variables of an engine that runs arrays of
/// jobs. `of` is what `--shards` says.
pub fn chosen(
    text: &str,
    of: Option<u32>,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<Shard> {
    let usage = |message: String| failed(Exit::Usage, message);
    let shard = match text {
        "auto" => of_engine(of, variable)?,
        _ if of.is_some() => {
            let message = format!("error: --shards is for `auto`, and --shard is {}", quoted(text));
            return Err(usage(format!("{message}\nhint: write --shard 2/8, or --shard auto")));
        }
        _ => {
            let parts = text.split_once('/');
            let read = parts.and_then(|(n, of)| Some((n.parse().ok()?, of.parse().ok()?)));
            let Some((nth, of)) = read else {
                let message = format!("error: {} is no shard", quoted(text));
                return Err(usage(format!("{message}\nhint: write 2/8, or auto")));
            };
            Shard { nth, of }
        }
    };
    if shard.nth == 0 || shard.of < shard.nth {
        let Shard { nth, of } = shard;
        let message = format!("error: there is no shard {nth} of {of}\nhint: they count from 1");
        return Err(usage(message));
    }
    Ok(shard)
}

/// The part that an engine's variables name. The engine that is the nearest to the process is asked
/// first: HyperQueue's workers can be Slurm jobs themselves.
fn of_engine(of: Option<u32>, variable: &dyn Fn(&str) -> Option<String>) -> Result<Shard> {
    let number = |name: &str| -> Result<Option<u32>> {
        let Some(text) = variable(name) else { return Ok(None) };
        let wrong =
            |_| failed(Exit::Usage, format!("error: {name} is {}, no number", quoted(&text)));
        text.parse().map(Some).map_err(wrong)
    };
    let untold = |engine: &str| {
        let message = format!("error: {engine} does not say how many shards there are");
        failed(Exit::Usage, format!("{message}\nhint: add --shards N"))
    };
    if let Some(id) = number("HQ_TASK_ID")? {
        return Ok(Shard { nth: id, of: of.ok_or_else(|| untold("HyperQueue"))? });
    }
    if let Some(index) = number("AWS_BATCH_JOB_ARRAY_INDEX")? {
        let of = of.or(number("AWS_BATCH_JOB_ARRAY_SIZE")?);
        let of = of.ok_or_else(|| untold("AWS Batch"))?;
        return Ok(Shard { nth: index.saturating_add(1), of });
    }
    if let Some(id) = number("SLURM_ARRAY_TASK_ID")? {
        // A task that failed is submitted again alone, as `--array=5`: by its place it would be
        // another shard. So who says how many there are has tasks that are called like the shards.
        if let Some(of) = of {
            return Ok(Shard { nth: id, of });
        }
        let count = number("SLURM_ARRAY_TASK_COUNT")?.ok_or_else(|| untold("Slurm"))?;
        let first = number("SLURM_ARRAY_TASK_MIN")?.unwrap_or(1);
        let step = number("SLURM_ARRAY_TASK_STEP")?.unwrap_or(1).max(1);
        let place = |id: u32| (id.saturating_sub(first) / step).saturating_add(1);
        let last = number("SLURM_ARRAY_TASK_MAX")?;
        if last.is_some_and(|last| place(last) != count) {
            let message = "error: the tasks of the Slurm array are not evenly apart, so their shards \
                           are unknown\nhint: add --shards N; then task 2 is shard 2 of N";
            return Err(failed(Exit::Usage, message));
        }
        return Ok(Shard { nth: place(id), of: count });
    }
    let message = "error: --shard auto finds no array of jobs: none of SLURM_ARRAY_TASK_ID, \
                   AWS_BATCH_JOB_ARRAY_INDEX and HQ_TASK_ID is set\nhint: write --shard 2/8";
    Err(failed(Exit::Usage, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn auto(of: Option<u32>, variables: &[(&str, &str)]) -> Result<Shard, String> {
        let variable = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        chosen("auto", of, &variable).map_err(|error| error.to_string())
    }

    #[test]
    fn every_engine_says_which_part_it_is() {
        let slurm = [
            ("SLURM_ARRAY_TASK_ID", "3"),
            ("SLURM_ARRAY_TASK_COUNT", "4"),
            ("SLURM_ARRAY_TASK_MIN", "0"),
        ];
        assert_eq!(auto(None, &slurm), Ok(Shard { nth: 4, of: 4 }));
        let stepped = [
            ("SLURM_ARRAY_TASK_ID", "7"),
            ("SLURM_ARRAY_TASK_COUNT", "3"),
            ("SLURM_ARRAY_TASK_MAX", "7"),
            ("SLURM_ARRAY_TASK_STEP", "3"),
        ];
        assert_eq!(auto(None, &stepped), Ok(Shard { nth: 3, of: 3 }));
        // Task 5 of eight, submitted again alone.
        let again = [
            ("SLURM_ARRAY_TASK_ID", "5"),
            ("SLURM_ARRAY_TASK_COUNT", "1"),
            ("SLURM_ARRAY_TASK_MIN", "5"),
        ];
        assert_eq!(auto(Some(8), &again), Ok(Shard { nth: 5, of: 8 }));
        let batch = [("AWS_BATCH_JOB_ARRAY_INDEX", "0"), ("AWS_BATCH_JOB_ARRAY_SIZE", "2")];
        assert_eq!(auto(None, &batch), Ok(Shard { nth: 1, of: 2 }));
        let both = [("HQ_TASK_ID", "2"), ("SLURM_ARRAY_TASK_ID", "1")];
        assert_eq!(auto(Some(3), &both), Ok(Shard { nth: 2, of: 3 }));
    }

    #[test]
    fn what_no_engine_says_is_asked_for() {
        assert!(auto(None, &[]).unwrap_err().contains("finds no array"));
        assert!(auto(None, &[("HQ_TASK_ID", "2")]).unwrap_err().contains("--shards N"));
        assert!(auto(Some(3), &[("HQ_TASK_ID", "0")]).unwrap_err().contains("count from 1"));
        assert!(auto(Some(3), &[("HQ_TASK_ID", "x")]).unwrap_err().contains("no number"));
        let uneven = [
            ("SLURM_ARRAY_TASK_ID", "1"),
            ("SLURM_ARRAY_TASK_COUNT", "3"),
            ("SLURM_ARRAY_TASK_MAX", "7"),
        ];
        assert!(auto(None, &uneven).unwrap_err().contains("not evenly apart"));
        let none = |_: &str| None;
        for wrong in ["0/3", "4/3", "x/3", "3", "1/0"] {
            assert!(chosen(wrong, None, &none).is_err(), "{wrong}");
        }
        assert_eq!(chosen("2/3", None, &none).ok(), Some(Shard { nth: 2, of: 3 }));
        assert!(chosen("2/3", Some(3), &none).is_err());
    }
}
