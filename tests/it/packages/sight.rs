//! What people see while packages come: colours, a tool's own words, tables, and an end that was asked for.

use std::path::PathBuf;
use std::process::Command;

use crate::env::remove::on_terminal;
use crate::kit::patient::Patient;
use crate::support::sandbox::Sandbox;
use crate::support::wheel;

#[test]
fn colours_are_for_terminals_and_for_who_forces_them() {
    let sandbox = Sandbox::new();
    let told = |vars: &[(&str, &str)]| {
        let run = sandbox.mlenv(["info", "none"]);
        vars.iter().fold(run, |run, (name, value)| run.var(name, value)).end().err
    };
    let red = "\u{1b}[1;31mmlenv:\u{1b}[0m ";
    assert!(told(&[]).starts_with("mlenv: "));
    // A command line that cannot be understood, by the same colours; nothing of it gets past the filter.
    let odd = |set: &str| {
        let run = sandbox.mlenv(["lis\u{1b}[31mt"]);
        run.var("CLICOLOR_FORCE", set).end().err
    };
    let coloured = odd("1");
    assert!(coloured.starts_with("\u{1b}[1;31merror:\u{1b}[0m "), "{coloured}");
    assert!(!coloured.contains("\u{1b}[31m"), "{coloured}");
    assert!(!odd("0").contains('\u{1b}'));
    assert!(told(&[("CLICOLOR_FORCE", "1")]).starts_with(red));
    for vars in
        [[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], [("CLICOLOR_FORCE", "0"), ("TERM", "x")]]
    {
        assert!(!told(&vars).contains('\u{1b}'), "{vars:?}");
    }
    let shown = |set: &str| {
        let line = format!("info none; {set} \"$MLENV\" info none");
        on_terminal(&sandbox, &line, "").1.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    for set in ["NO_COLOR=1", "CLICOLOR=0", "TERM=dumb"] {
        let lines = shown(set);
        let is_red: Vec<bool> =
            lines.iter().filter(|it| it.contains("mlenv:")).map(|it| it.contains(red)).collect();
        assert_eq!(is_red, [true, false], "{set}: {lines:?}");
    }
}

#[test]
fn what_a_tool_says_is_for_who_asks_or_where_it_fails() {
    let patient = Patient::new();
    let told = patient.packages("install", &["--pip", "fresh"]).ok();
    assert!(
        told.err.contains("will add: fresh 1.0\n") && !told.err.contains("Successfully"),
        "{told}"
    );
    patient.packages("uninstall", &["fresh"]).ok();
    patient
        .packages("install", &["-v", "--pip", "fresh"])
        .ok()
        .says("Successfully installed fresh-1.0");
    let told = patient.packages("uninstall", &["-q", "fresh"]).ok();
    assert_eq!(told.err, "");
    assert_eq!(patient.packages("install", &["-q", "--pip", "fresh"]).ok().err, "");
    let told = patient.packages("install", &["-q", "--pip", "nowhere-to-be-found"]).end();
    told.says("pip ended with code 1 while working out what is needed; nothing was changed")
        .says("ERROR: No matching distribution found for nowhere-to-be-found");
    patient.packages("install", &["-q", "-v", "x"]).end().says("cannot be used with");
}

#[test]
fn what_is_there_already_is_told_with_its_version_and_place() {
    let patient = Patient::new();
    patient.packages("install", &["-q", "--pip", "fresh"]).ok();
    let told = patient.packages("install", &["--pip", "click>=8", "fresh"]).ok();
    told.says("everything is already there: click 8.1.7 (base), fresh 1.0 (env)\n");
}

#[test]
fn many_packages_are_a_table() {
    let patient = Patient::new();
    let names: Vec<String> = (0..6).map(|n| format!("package{n}")).collect();
    for name in &names {
        wheel::build(&patient.sandbox.path("wheels"), name, "1.0");
    }
    let mut words = vec!["--pip", "--dry-run", "greet>1"];
    words.extend(names.iter().map(String::as_str));
    let told = patient.packages("install", &words).ok();
    let expected = "will add: 6; will shadow of the base: 1\n  PACKAGE   VERSION  WHAT                 FROM  SIZE\n  \
                    greet     2.0      for 1.0 of the base\n  package0  1.0      new\n";
    assert!(told.out.starts_with(expected), "{told}");
}

/// A project that pip takes long to build, and says so by a file.
fn slow(sandbox: &Sandbox) -> PathBuf {
    let backend = "import os, time
def prepare_metadata_for_build_wheel(to, config_settings=None):
    info = os.path.join(to, 'slow-1.dist-info')
    os.mkdir(info)
    with open(os.path.join(info, 'METADATA'), 'w') as file:
        file.write('Metadata-Version: 2.1\\nName: slow\\nVersion: 1\\n')
    return 'slow-1.dist-info'
def build_wheel(to, config_settings=None, metadata_directory=None):
    open(os.environ['BEGUN'], 'w').close()
    time.sleep(60)
";
    sandbox.write("slow/backend.py", backend);
    let project = "[build-system]\nrequires = []\nbuild-backend = 'backend'\nbackend-path = ['.']\n[project]\nname = 'slow'\nversion = '1'\n";
    sandbox.write("slow/pyproject.toml", project);
    sandbox.path("slow")
}

/// The keyboard's Ctrl-C goes to pip as well: it is waited for, the last word is ours, and the shell's prompt follows on a
/// line of its own.
#[test]
fn who_presses_ctrl_c_gets_one_sentence_and_a_clean_prompt() {
    let patient = Patient::new();
    let (project, begun) = (slow(&patient.sandbox), patient.sandbox.path("begun"));
    let script = "set timeout 60; log_user 1
spawn -noecho bash --norc --noprofile -i
expect {READY> }
send \"\\\"\\$MLENV\\\" install -y -p env --pip \\\"\\$PROJECT\\\"\\r\"
while {![file exists $env(BEGUN)]} { after 50 }
send \\003
expect {READY> }
send \"echo it ended with \\$?\\r\"
expect {READY> }
send \"exit\\r\"
expect eof
";
    let script = patient.sandbox.write("press", script);
    let run = patient.sandbox.run("expect").arg(&script).var("MLENV", env!("CARGO_BIN_EXE_mlenv"));
    let run = run.var("PROJECT", &project).var("BEGUN", &begun).var("NO_COLOR", "1");
    let told = run.var("PS1", "READY> ").var("TERM", "xterm").ok();
    assert!(told.out.contains("it ended with 130"), "{told}");
    assert!(!told.out.contains("Traceback") && !told.out.contains("KeyboardInterrupt"), "{told}");
    // The line of progress was cleared away before the last word.
    let lines: Vec<&str> = told.out.split(['\n', '\r']).filter(|line| !line.is_empty()).collect();
    let prompt = lines.iter().rposition(|line| line.contains("echo it ended")).unwrap();
    let clean = |line: &str| {
        line.trim_start_matches("\u{1b}[2K").trim_start_matches("\u{1b}[?2004h").to_owned()
    };
    assert!(clean(lines[prompt]).starts_with("READY> "), "{told}");
    assert!(clean(lines[prompt - 2]).starts_with("mlenv: pip ended with code 1"), "{told}");
    assert!(lines[prompt - 1].starts_with("hint: `mlenv packages --added "), "{told}");
    let asleep = Command::new("pgrep")
        .args(["-f", &patient.sandbox.path("slow").display().to_string()])
        .output();
    assert!(asleep.unwrap().stdout.is_empty(), "pip was left running");
    assert!(patient.added().is_empty());
}
