//! Fuzzes every decoder with libFuzzer, guided by coverage.
//!
//! The stable compiler can count the code that an input reaches, which is all that libFuzzer needs.
//! The sanitizers, which need nightly, find what safe code cannot do. With nightly,
//! `cargo fuzz run --fuzz-dir fuzz/libfuzzer journal` does the same.

use std::fs;
use std::path::{Path, PathBuf};

use crate::command::{cargo, output, program, root, run as run_command};

/// The default time for each decoder. The corpus takes a second of it.
const SECONDS: &str = "5";

/// The flags that make the compiler count the code that is reached, as `cargo fuzz` sets them.
const RUSTFLAGS: &str = "--cfg fuzzing -Cpasses=sancov-module \
    -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
    -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares";

/// The folder of the libFuzzer programs.
const FOLDER: &str = "fuzz/libfuzzer";

/// Fuzzes every decoder, or the named ones; `--seconds 60` sets how long.
///
/// # Errors
///
/// If a decoder panics, hangs or takes too much memory: the command that repeats it.
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
        return Err(format!("`--seconds {seconds}` is not a number of seconds"));
    }
    let targets = targets()?;
    if let Some(name) = chosen.iter().find(|name| targets.iter().all(|target| target != *name)) {
        return Err(format!("there is no decoder `{name}`; one of: {}", targets.join(", ")));
    }
    let programs = build()?;
    for target in targets.iter().filter(|it| chosen.is_empty() || chosen.contains(&it.as_str())) {
        println!("{target:<15} {}", fuzz(&programs, target, seconds)?);
    }
    Ok(())
}

/// The name of each target, from the files.
fn targets() -> Result<Vec<String>, String> {
    let folder = root().join(FOLDER).join("fuzz_targets");
    let cannot = |error| format!("cannot read {}: {error}", folder.display());
    let mut targets = Vec::new();
    for entry in fs::read_dir(&folder).map_err(cannot)? {
        let path = entry.map_err(cannot)?.path();
        targets.extend(path.file_stem().map(|stem| stem.to_string_lossy().into_owned()));
    }
    targets.sort_unstable();
    Ok(targets)
}

/// Builds all programs and returns their folder, below [`FOLDER`].
fn build() -> Result<String, String> {
    let version = output(&mut program("rustc", &["--version", "--verbose"]))?.stdout;
    let version = String::from_utf8_lossy(&version).into_owned();
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    let host = host.ok_or("rustc does not print its host")?;
    // With a target, the flags do not apply to build scripts.
    let build = ["build", "--release", "--locked", "--bins", "--target", host];
    let manifest = format!("{FOLDER}/Cargo.toml");
    let target = format!("{FOLDER}/target");
    let folders = ["--manifest-path", &manifest, "--target-dir", &target];
    let mut build = cargo(&build);
    run_command(build.args(folders).env("RUSTFLAGS", RUSTFLAGS))?;
    Ok(format!("target/{host}/release"))
}

/// Fuzzes one decoder and returns a summary.
fn fuzz(programs: &str, target: &str, seconds: &str) -> Result<String, String> {
    let (found, crashes) = (format!("target/found/{target}"), format!("target/crashes/{target}/"));
    for folder in [&found, &crashes] {
        let folder = root().join(FOLDER).join(folder);
        fs::create_dir_all(&folder)
            .map_err(|error| format!("cannot make {}: {error}", folder.display()))?;
    }
    let path = root().join(FOLDER).join(programs).join(target);
    let mut fuzzer = program(&path.to_string_lossy(), &[&found, &format!("../corpus/{target}")]);
    fuzzer.current_dir(root().join(FOLDER));
    fuzzer.args(seeds(target)?);
    fuzzer.args([
        &format!("-max_total_time={seconds}"),
        &format!("-artifact_prefix={crashes}"),
        // Seconds for one input: a hundred times the time of the slowest.
        "-timeout=10",
        "-rss_limit_mb=2048",
        "-use_value_profile=1",
        "-print_final_stats=1",
    ]);
    let ended = output(&mut fuzzer)?;
    let printed = String::from_utf8_lossy(&ended.stderr);
    if !ended.status.success() {
        let crash = printed.lines().find_map(|line| line.split_once("Test unit written to "));
        let crash = crash.map_or(crashes.as_str(), |(_, path)| path);
        return Err(format!(
            "{}\nthe decoder `{target}` fails on this input\n  repeat: (cd {FOLDER} && \
             {programs}/{target} {crash})\n  help: fix the decoder, and add the input as a unit \
             test and as a file of fuzz/corpus/{target}",
            finding(&printed)
        ));
    }
    summary(&printed).ok_or_else(|| {
        format!(
            "`{target}` counts no code that it reaches, so nothing guides the fuzzer: see \
             RUSTFLAGS in {}",
            Path::new(file!()).display()
        )
    })
}

/// The further folders of inputs for a target.
fn seeds(target: &str) -> Result<Vec<PathBuf>, String> {
    let file = root().join("fuzz/seeds.tsv");
    let text = fs::read_to_string(&file).map_err(|why| format!("{}: {why}", file.display()))?;
    let rows = text.lines().filter_map(|line| line.split_once('\t'));
    Ok(rows.filter(|(name, _)| *name == target).map(|(_, folder)| root().join(folder)).collect())
}

/// The part of a fuzzer's output that says what failed, and the input.
fn finding(printed: &str) -> String {
    // Without a panic, libFuzzer reports a timeout or too much memory.
    let start = printed.find("panicked at").or_else(|| printed.find("ERROR: libFuzzer"));
    let is_rest = |line: &str| line.starts_with("stack backtrace") || line.starts_with("Base64");
    let what = printed.get(start.unwrap_or(0)..).unwrap_or_default();
    let what = what.lines().take_while(|line| !is_rest(line)).take(10);
    let input = printed.lines().filter(|line| line.starts_with("Base64: "));
    what.chain(input).map(|line| format!("{line}\n")).collect()
}

/// The summary of libFuzzer's last line: `#4711 DONE cov: 12 ft: 34 corp: 5/678b ...`.
fn summary(printed: &str) -> Option<String> {
    let done = printed.lines().rfind(|line| line.contains("DONE"))?;
    let words: Vec<&str> = done.split_whitespace().collect();
    let after = |key: &str| {
        let at = words.iter().position(|word| *word == key)?;
        words.get(at + 1).copied()
    };
    let reached = after("cov:").filter(|count| *count != "0")?;
    let inputs = words.first()?.trim_start_matches('#');
    let kept = after("corp:")?.split('/').next()?;
    Some(format!("{inputs} inputs, {reached} places reached, {kept} inputs in the corpus"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_has_the_panic_and_the_input() {
        let printed = "#5 NEW\nthread (3) panicked at a.rs:1:\nleft is right\nstack backtrace:\n 0: x\n\
                    artifact_prefix='b/'; Test unit written to b/c\nBase64: aGk=\n";
        assert_eq!(finding(printed), "panicked at a.rs:1:\nleft is right\nBase64: aGk=\n");
        let printed = "ALARM\n==1== ERROR: libFuzzer: timeout after 10 seconds\nBase64: aGk=\n";
        assert_eq!(finding(printed), "ERROR: libFuzzer: timeout after 10 seconds\nBase64: aGk=\n");
    }

    #[test]
    fn a_fuzzer_without_coverage_is_rejected() {
        let check = |line: &str, expected: Option<&str>| {
            assert_eq!(summary(line).as_deref(), expected, "{line}");
        };
        check(
            "#6\tDONE   cov: 656 ft: 1074 corp: 5/1721b lim: 674 exec/s: 0 rss: 28Mb\nDone 6 runs",
            Some("6 inputs, 656 places reached, 5 inputs in the corpus"),
        );
        check("#6\tDONE   exec/s: 0 rss: 28Mb", None);
        check("#6\tDONE   cov: 0 ft: 0 corp: 1/1b exec/s: 0 rss: 28Mb", None);
        check("", None);
    }
}
