//! Changes that come to their end, and changes that do not.

use super::*;

/// An env with `a` to be replaced, `d/gone` to go, and `b`, `new/x` and a record to come.
fn prepared() -> (tempfile::TempDir, Root, Journal) {
    let dir = tempfile::tempdir().unwrap();
    let env = Root::open(dir.path()).unwrap();
    let write = |path: &str, text: &[u8]| {
        env.make_dirs(Path::new(path).parent().unwrap()).unwrap();
        env.write_new(Path::new(path), text, How::DATA).unwrap();
    };
    for path in ["a", "d/gone", "conda-meta/old.json", "conda-meta/history"] {
        write(path, b"old");
    }
    begin(&env).unwrap();
    for path in ["a", "b", "new/x", "conda-meta/new.json", "conda-meta/history"] {
        write(&format!("{NEW}/{path}"), b"new");
    }
    let paths = |paths: &[&str]| paths.iter().map(PathBuf::from).collect::<Vec<_>>();
    let journal = Journal {
        go: paths(&["d/gone", "never-was"]),
        come: paths(&["a", "b", "new"]),
        records_go: paths(&["conda-meta/old.json"]),
        records_come: paths(&["conda-meta/new.json", "conda-meta/history"]),
    };
    (dir, env, journal)
}

fn shape(env: &Root) -> Vec<String> {
    let walk = walkdir::WalkDir::new(env.path()).sort_by_file_name().into_iter();
    let files = walk.map(|entry| entry.unwrap()).filter(|entry| entry.file_type().is_file());
    let texts = files.map(|entry| {
        let text = foreign::read_text(entry.path(), FileKind::Note).unwrap();
        format!("{}={text}", entry.path().strip_prefix(env.path()).unwrap().display())
    });
    texts.collect()
}

const BEFORE: [&str; 4] =
    ["a=old", "conda-meta/history=old", "conda-meta/old.json=old", "d/gone=old"];
const AFTER: [&str; 5] =
    ["a=new", "b=new", "conda-meta/history=new", "conda-meta/new.json=new", "new/x=new"];

#[test]
fn a_change_is_carried_out_and_leaves_nothing_behind() {
    let (_dir, env, journal) = prepared();
    commit(&env, &journal).unwrap();
    assert_eq!(shape(&env), AFTER);
    assert!(!is_there(&env, Path::new("d")) && !is_there(&env, Path::new(DIR)));
    assert_eq!(settle(&env).unwrap(), None);
}

#[test]
fn what_was_stopped_before_its_journal_never_was() {
    let (_dir, env, _) = prepared();
    assert_eq!(settle(&env).unwrap(), Some(Settled::Undone));
    assert_eq!(shape(&env), BEFORE);
}

/// Every step may be the last one that was taken, and half of it too.
#[test]
fn what_was_stopped_at_any_step_is_finished_or_taken_back() {
    for steps in 0..8 {
        for back in [false, true] {
            let (_dir, env, journal) = prepared();
            let text = serde_json::to_vec(&journal).unwrap();
            env.write(Path::new(JOURNAL), &text, How::DATA).unwrap();
            let cut = |paths: &[PathBuf], from: usize| {
                paths.iter().take(steps_left(steps, from)).cloned().collect::<Vec<_>>()
            };
            let part = Journal {
                go: cut(&journal.go, 0),
                come: cut(&journal.come, 2),
                records_go: cut(&journal.records_go, 5),
                records_come: cut(&journal.records_come, 6),
            };
            part.forward(&env).unwrap();
            if let Some(next) = journal.come.get(steps_left(steps, 2))
                && is_there(&env, next)
                && !is_there(&env, &old(next))
            {
                keep(&env, next, &old(next)).unwrap();
            }
            if back {
                journal.back(&env).unwrap();
                abandon(&env);
                assert_eq!(shape(&env), BEFORE, "{steps}");
            } else {
                assert_eq!(settle(&env).unwrap(), Some(Settled::Finished), "{steps}");
                assert_eq!(shape(&env), AFTER, "{steps}");
            }
        }
    }
}

fn steps_left(steps: usize, from: usize) -> usize {
    steps.saturating_sub(from)
}

#[test]
fn what_fails_is_taken_back() {
    let (_dir, env, mut journal) = prepared();
    journal.records_come.push("conda-meta/history/x".into());
    env.make_dirs(Path::new(NEW)).unwrap();
    // A file lies where a directory is needed.
    env.remove_file(&new(Path::new("conda-meta/history"))).unwrap();
    env.make_dirs(&new(Path::new("conda-meta/history"))).unwrap();
    env.write_new(&new(Path::new("conda-meta/history/x")), b"", How::DATA).unwrap();
    journal.records_come.remove(1);
    let error = commit(&env, &journal).unwrap_err();
    assert!(error.to_string().contains("conda-meta/history/x"), "{error}");
    assert_eq!(shape(&env), BEFORE);
}
