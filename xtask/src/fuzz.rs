//! Feeds foreign bytes to every decoder: the corpus first, then what libFuzzer makes of it.
//!
//! The stable compiler can count what code was reached, which is all that libFuzzer needs to find
//! its way; the sanitizers, which need nightly, look for what safe code cannot do. With nightly,
//! `cargo fuzz run journal` does the same.

use std::fs;
use std::path::Path;

use crate::command::{cargo, output, program, root, run as run_command};

/// As long as each decoder is fed where nothing else is said: the corpus takes a second of it.
const SECONDS: &str = "5";

/// What makes the compiler count the code that is reached; as `cargo fuzz` sets it.
const RUSTFLAGS: &str = "--cfg fuzzing -Cpasses=sancov-module \
    -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
    -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares";

/// What else a decoder is fed with, beside its folder in `fuzz/corpus`: what its tests read.
const SEEDS: &[(&str, &str)] = &[
    ("journal", "crates/communicado-wire/tests/golden"),
    ("trace", "crates/communicado-sources/tests/traces"),
];

/// Feeds every decoder, or those that are named; `--seconds 60` sets for how long.
///
/// # Errors
///
/// If one panics, hangs or takes too much memory: how to repeat it.
pub(crate) fn run(arguments: &[String]) -> Result<(), String> {
    let mut seconds = SECONDS;
    let mut chosen = Vec::new();
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "--seconds" => seconds = words.next().ok_or("--seconds needs a number")?,
            name => chosen.push(name),
        }
    }
    if seconds.parse::<u32>().is_err() {
        return Err(format!("--seconds {seconds} is no number of seconds"));
    }
    let targets = targets()?;
    if let Some(name) = chosen.iter().find(|name| targets.iter().all(|target| target != *name)) {
        return Err(format!("there is no decoder `{name}`; one of: {}", targets.join(", ")));
    }
    let programs = build()?;
    for target in targets.iter().filter(|it| chosen.is_empty() || chosen.contains(&it.as_str())) {
        println!("{target:<12} {}", feed(&programs, target, seconds)?);
    }
    Ok(())
}

/// One for each file.
fn targets() -> Result<Vec<String>, String> {
    let cannot = |error| format!("fuzz/fuzz_targets cannot be read: {error}");
    let mut targets = Vec::new();
    for entry in fs::read_dir(root().join("fuzz/fuzz_targets")).map_err(cannot)? {
        let path = entry.map_err(cannot)?.path();
        targets.extend(path.file_stem().map(|stem| stem.to_string_lossy().into_owned()));
    }
    targets.sort_unstable();
    Ok(targets)
}

/// Builds all and returns the folder of the programs, below `fuzz`.
fn build() -> Result<String, String> {
    let said = output(&mut program("rustc", &["--version", "--verbose"]))?.stdout;
    let said = String::from_utf8_lossy(&said).into_owned();
    let host = said.lines().find_map(|line| line.strip_prefix("host: "));
    let host = host.ok_or("rustc does not say for which host it is")?;
    // With a target, build scripts are spared the flags.
    let build = ["build", "--release", "--locked", "--bins", "--target", host];
    let fuzz = ["--manifest-path", "fuzz/Cargo.toml", "--target-dir", "fuzz/target"];
    let mut build = cargo(&build);
    run_command(build.args(fuzz).env("RUSTFLAGS", RUSTFLAGS))?;
    Ok(format!("target/{host}/release"))
}

/// Feeds one decoder and returns what was reached.
fn feed(programs: &str, target: &str, seconds: &str) -> Result<String, String> {
    let (found, crashes) = (format!("target/found/{target}"), format!("target/crashes/{target}/"));
    for folder in [&found, &crashes] {
        let folder = root().join("fuzz").join(folder);
        fs::create_dir_all(&folder)
            .map_err(|error| format!("cannot make {}: {error}", folder.display()))?;
    }
    let path = root().join("fuzz").join(programs).join(target);
    let mut fuzzer = program(&path.to_string_lossy(), &[&found, &format!("corpus/{target}")]);
    fuzzer.current_dir(root().join("fuzz"));
    let seeds = SEEDS.iter().filter(|(name, _)| *name == target);
    fuzzer.args(seeds.map(|(_, folder)| root().join(folder)));
    fuzzer.args([
        &format!("-max_total_time={seconds}"),
        &format!("-artifact_prefix={crashes}"),
        // Seconds for one input: a hundred times what the slowest takes.
        "-timeout=10",
        "-rss_limit_mb=2048",
        "-use_value_profile=1",
        "-print_final_stats=1",
    ]);
    let ended = output(&mut fuzzer)?;
    let said = String::from_utf8_lossy(&ended.stderr);
    if !ended.status.success() {
        let crash = said.lines().find_map(|line| line.split_once("Test unit written to "));
        let crash = crash.map_or(crashes.as_str(), |(_, path)| path);
        return Err(format!(
            "{}\nthe decoder `{target}` does not stand this\n  repeat: (cd fuzz && \
             {programs}/{target} {crash})\n  help: mend it, and make the input a unit test and a \
             file of fuzz/corpus/{target}",
            complaint(&said)
        ));
    }
    summary(&said).ok_or_else(|| {
        format!(
            "`{target}` counts no code that it reaches, so it is fed blindly: see RUSTFLAGS in \
                 {}",
            Path::new(file!()).display()
        )
    })
}

/// Of all that a fuzzer says when it fails, what went wrong and the input.
fn complaint(said: &str) -> String {
    // Without a panic, libFuzzer's own words: a time-out, or too much memory.
    let start = said.find("panicked at").or_else(|| said.find("ERROR: libFuzzer"));
    let is_rest = |line: &str| line.starts_with("stack backtrace") || line.starts_with("Base64");
    let what = said.get(start.unwrap_or(0)..).unwrap_or_default();
    let what = what.lines().take_while(|line| !is_rest(line)).take(10);
    let input = said.lines().filter(|line| line.starts_with("Base64: "));
    what.chain(input).map(|line| format!("{line}\n")).collect()
}

/// Of what libFuzzer says last: `#4711 DONE cov: 12 ft: 34 corp: 5/678b ...`.
fn summary(said: &str) -> Option<String> {
    let done = said.lines().rfind(|line| line.contains("DONE"))?;
    let words: Vec<&str> = done.split_whitespace().collect();
    let after = |key: &str| {
        let at = words.iter().position(|word| *word == key)?;
        words.get(at + 1).copied()
    };
    let reached = after("cov:").filter(|count| *count != "0")?;
    let inputs = words.first()?.trim_start_matches('#');
    let kept = after("corp:")?.split('/').next()?;
    Some(format!("{inputs} inputs, {reached} places reached, {kept} inputs worth keeping"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_complaint_has_the_panic_and_the_input() {
        let said = "#5 NEW\nthread (3) panicked at a.rs:1:\nleft is right\nstack backtrace:\n 0: x\n\
                    artifact_prefix='b/'; Test unit written to b/c\nBase64: aGk=\n";
        assert_eq!(complaint(said), "panicked at a.rs:1:\nleft is right\nBase64: aGk=\n");
        let said = "ALARM\n==1== ERROR: libFuzzer: timeout after 10 seconds\nBase64: aGk=\n";
        assert_eq!(complaint(said), "ERROR: libFuzzer: timeout after 10 seconds\nBase64: aGk=\n");
    }

    #[test]
    fn a_fuzzer_that_is_fed_blindly_is_noticed() {
        let check = |line: &str, expected: Option<&str>| {
            assert_eq!(summary(line).as_deref(), expected, "{line}");
        };
        check(
            "#6\tDONE   cov: 656 ft: 1074 corp: 5/1721b lim: 674 exec/s: 0 rss: 28Mb\nDone 6 runs",
            Some("6 inputs, 656 places reached, 5 inputs worth keeping"),
        );
        check("#6\tDONE   exec/s: 0 rss: 28Mb", None);
        check("#6\tDONE   cov: 0 ft: 0 corp: 1/1b exec/s: 0 rss: 28Mb", None);
        check("", None);
    }
}
