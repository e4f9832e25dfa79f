//! Runs every target on its corpus and on mutations of it.
//!
//! The mutations are the same in every run. A failure prints the input as a file that
//! `REPLAY=FILE cargo test -p communicado-fuzz TARGET` runs alone.
#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "a panic fails the test")]

mod mutations;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;

use communicado_fuzz::{TARGETS, Target};

use mutations::Mutations;

/// The number of mutations of each corpus.
const MUTATIONS: usize = 3000;

/// Longer inputs of the corpus are replayed, and not mutated: a mutation costs a whole run.
const MUTATED_BYTES_MAX: usize = 8192;

macro_rules! targets {
    ($($name:ident,)*) => {
        $(
            #[test]
            fn $name() {
                exercise(stringify!($name));
            }
        )*

        #[test]
        fn every_target_is_exercised() {
            let exercised = BTreeSet::from([$(stringify!($name)),*]);
            assert_eq!(exercised, TARGETS.iter().map(|target| target.name).collect());
        }
    };
}

targets! {
    broker,
    client_json,
    codes,
    com_session,
    dbus_address,
    gateway_answer,
    gateway_body,
    gateway_entry,
    gateway_framing,
    gateway_request,
    gateway_sign_in,
    gateway_socket,
    journal,
    lines,
    mqtt,
    registry,
    script,
    template,
    trace,
    xmpp,
}

#[test]
fn every_target_has_a_corpus_and_a_libfuzzer_program() {
    let names: BTreeSet<String> = TARGETS.iter().map(|target| target.name.to_owned()).collect();
    let stems = |folder: &str| -> BTreeSet<String> {
        let paths = entries(&root().join(folder)).into_iter();
        paths.map(|path| path.file_stem().expect("a name").to_string_lossy().into_owned()).collect()
    };
    assert_eq!(stems("corpus"), names);
    assert_eq!(stems("libfuzzer/fuzz_targets"), names);
    for name in names {
        assert!(!entries(&root().join("corpus").join(&name)).is_empty(), "{name} has no inputs");
    }
}

fn exercise(name: &str) {
    let target = TARGETS.iter().find(|target| target.name == name).expect("the target exists");
    if let Some(file) = std::env::var_os("REPLAY") {
        return (target.run)(&read(Path::new(&file)));
    }
    let inputs: Vec<(PathBuf, Vec<u8>)> =
        folders(name).iter().flat_map(|folder| files(folder)).collect();
    for (file, input) in &inputs {
        run(target, input, &format!("the corpus, {}", file.display()));
    }
    let short = inputs.into_iter().map(|(_, input)| input);
    let short = short.filter(|input| input.len() <= MUTATED_BYTES_MAX).collect();
    for (number, input) in Mutations::of(short).take(MUTATIONS).enumerate() {
        run(target, &input, &format!("mutation {number}"));
    }
}

/// Runs a target on one input. If the target panics, the input is saved first.
fn run(target: &Target, input: &[u8], origin: &str) {
    let _report = Report { target: target.name, input, origin };
    (target.run)(input);
}

/// Saves the input while a panic passes.
struct Report<'a> {
    target: &'a str,
    input: &'a [u8],
    origin: &'a str,
}

impl Drop for Report<'_> {
    #[expect(clippy::print_stderr, reason = "the test runner shows it beside the failure")]
    fn drop(&mut self) {
        if !thread::panicking() {
            return;
        }
        let Self { target, input, origin } = self;
        let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{target}.crash"));
        let saved = fs::write(&file, input).map_or_else(
            |error| error.to_string(),
            |()| format!("REPLAY={} cargo test -p communicado-fuzz {target}", file.display()),
        );
        eprintln!(
            "the target `{target}` fails on {origin}\n  repeat: {saved}\n  help: fix the decoder, \
             and add the input to fuzz/corpus/{target}"
        );
    }
}

/// The folders of a target's inputs.
fn folders(target: &str) -> Vec<PathBuf> {
    let seeds = fs::read_to_string(root().join("seeds.tsv")).expect("seeds.tsv can be read");
    let seeds = seeds.lines().filter_map(|line| line.split_once('\t'));
    let seeds = seeds.filter(|(name, _)| *name == target);
    let seeds = seeds.map(|(_, folder)| root().join("..").join(folder));
    std::iter::once(root().join("corpus").join(target)).chain(seeds).collect()
}

/// The files of a folder, in the order of their names.
fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let files = entries(folder).into_iter().filter(|path| path.is_file());
    files.map(|path| (path.clone(), read(&path))).collect()
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let listed = fs::read_dir(folder).unwrap_or_else(|why| panic!("{}: {why}", folder.display()));
    let mut paths: Vec<PathBuf> = listed.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    paths
}

fn read(file: &Path) -> Vec<u8> {
    fs::read(file).unwrap_or_else(|why| panic!("{}: {why}", file.display()))
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
