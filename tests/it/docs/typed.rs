//! What a page shows, typed into an interactive bash: what it shows is what happens.
//!
//! `[..]` in a page stands for anything on that line.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::Stdio;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use crate::support::sandbox::{Run, Sandbox};

/// Types all that stands behind `$` in the page's `console` blocks, in the sandbox's `project`, and compares what is said:
/// with one more directory on `PATH`, and more variables. Returns how many lines were typed.
#[track_caller]
pub(crate) fn follow(
    sandbox: &Sandbox,
    page: &str,
    (programs, vars): (&Path, &[(&str, String)]),
) -> usize {
    let project = sandbox.path("project");
    follow_as(sandbox, page, (programs, &project), |words| {
        let run = sandbox.run(words[0]).args(&words[1..]).cwd(&project);
        vars.iter().fold(run, |run, (name, value)| run.var(name, value))
    })
}

/// The same as whoever `run` runs a program as, in the directory that it chooses, where the project is.
#[track_caller]
pub(crate) fn follow_as(
    sandbox: &Sandbox,
    page: &str,
    places: (&Path, &Path),
    run: impl FnOnce(&[&str]) -> Run,
) -> usize {
    let steps = steps(page);
    let told = type_in(sandbox, &steps, places, run);
    let wrong: Vec<String> = steps
        .iter()
        .zip(told)
        .filter(|(step, told)| !matches(&step.shows, told))
        .map(|(step, told)| format!("$ {}\n{told}", step.types))
        .collect();
    assert!(wrong.is_empty(), "other than the page says:\n{}", wrong.concat());
    steps.len()
}

struct Step {
    types: String,
    shows: Vec<String>,
}

fn steps(page: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let blocks = page.split("```console\n").skip(1).map(|block| block.split("```").next().unwrap());
    for line in blocks.flat_map(str::lines) {
        match line.strip_prefix("$ ") {
            Some(types) => steps.push(Step { types: types.to_owned(), shows: Vec::new() }),
            None => steps.last_mut().unwrap().shows.push(line.to_owned()),
        }
    }
    steps
}

/// What bash says to each line, words and results together. A line is typed when the one before is done, since what runs in a
/// container may read all that is typed meanwhile.
fn type_in(
    sandbox: &Sandbox,
    steps: &[Step],
    (programs, project): (&Path, &Path),
    run: impl FnOnce(&[&str]) -> Run,
) -> Vec<String> {
    let program = Path::new(env!("CARGO_BIN_EXE_mlenv")).parent().unwrap();
    let text = format!(
        "PS1= PS2=; exec 2>&1; PATH='{}':'{}':$PATH; eval \"$(mlenv hook bash)\"\n\
         export PIP_NO_INDEX=1 PIP_FIND_LINKS='{}' NO_COLOR=1\n\
         PROMPT_COMMAND=${{PROMPT_COMMAND[0]}}$'\\n''echo {DONE}'\n",
        program.display(),
        programs.display(),
        project.join("wheels").display()
    );
    let start = sandbox.write("typed", text);
    // On a terminal, which `script` gives it: the hook speaks to people only.
    let bash = format!("bash --noprofile --noediting --rcfile '{}' -i", start.display());
    let mut command = run(&["script", "-q", "-E", "never", "-c", &bash, "/dev/null"]).command();
    let mut script = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let (mut input, output) = (script.stdin.take().unwrap(), script.stdout.take().unwrap());
    let (sender, lines) = channel();
    std::thread::spawn(move || {
        let all = BufReader::new(output).split(b'\n').map_while(Result::ok);
        all.map(|line| String::from_utf8_lossy(&line).replace('\r', ""))
            .try_for_each(|line| sender.send(line))
    });
    assert_eq!(until_done(&lines), "");
    let mut told = Vec::new();
    for step in steps {
        writeln!(input, "{}", step.types).unwrap();
        told.push(until_done(&lines));
    }
    drop(input);
    script.kill().unwrap();
    script.wait().unwrap();
    told
}

/// What bash prints when it waits for a line.
const DONE: &str = "@@";

/// All that is said until bash waits again.
fn until_done(lines: &Receiver<String>) -> String {
    let mut told = String::new();
    loop {
        let line = lines.recv_timeout(Duration::from_secs(300));
        let line = line.unwrap_or_else(|_| panic!("bash ended early, or waits: {told}"));
        if let Some(last) = line.strip_suffix(DONE) {
            return told + last;
        }
        told += &(line + "\n");
    }
}

fn matches(shows: &[String], told: &str) -> bool {
    let told: Vec<&str> = told.lines().collect();
    shows.len() == told.len() && shows.iter().zip(told).all(|(pattern, line)| fits(pattern, line))
}

/// `[..]` is anything; all else is itself.
fn fits(pattern: &str, line: &str) -> bool {
    let mut parts = pattern.split("[..]");
    let Some(mut rest) = parts.next().and_then(|first| line.strip_prefix(first)) else {
        return false;
    };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        match rest.split_once(part) {
            Some((_, behind)) => rest = behind,
            None => return false,
        }
    }
    rest.ends_with(last)
}
