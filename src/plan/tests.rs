//! The laws of activation, over hostile values.

use std::os::unix::ffi::OsStringExt;

use proptest::prelude::*;

use super::*;
use crate::plan::name::PATH;

/// Few names, so that what a user has and what a target wants meet often.
const NAMES: [&str; 9] = [
    "A",
    "B",
    "CONDA_PREFIX",
    "CONDA_SHLVL",
    "CONDA_PREFIX_1",
    "VIRTUAL_ENV",
    "SSL_CERT_FILE",
    "PYTHONHOME",
    "CONDA_PROMPT_MODIFIER",
];

fn value() -> impl Strategy<Value = OsString> {
    prop_oneof![
        Just(OsString::new()),
        Just(OsString::from("1")),
        Just(OsString::from("/e1")),
        proptest::collection::vec(1_u8.., 0..6).prop_map(OsString::from_vec),
    ]
}

fn path_list() -> impl Strategy<Value = Option<OsString>> {
    proptest::option::of("(/e1/bin|/e2/bin|/u|:|::){0,5}".prop_map(OsString::from))
}

fn world() -> impl Strategy<Value = Vars> {
    let vars = proptest::collection::hash_map(proptest::sample::select(&NAMES[..]), value(), 0..8);
    (vars, path_list()).prop_map(|(vars, path)| {
        let mut world: Vars = vars.into_iter().map(|(name, value)| (name.into(), value)).collect();
        world.extend(path.map(|path| ("PATH".into(), path)));
        world
    })
}

fn target() -> impl Strategy<Value = Target> {
    let names = || proptest::sample::select(&["A", "B", "PYTHONHOME"][..]).prop_map(Name::known);
    let sets = proptest::collection::vec((names(), proptest::option::of(value())), 0..4);
    let prefix = proptest::sample::select(&["/e1", "/e2"][..]);
    (sets, prefix, any::<bool>(), any::<bool>(), value()).prop_map(
        |(sets, prefix, conda, scripts, ssl)| {
            let in_conda =
                Identity::Conda { env: prefix.into(), modifier: Label::new(prefix.as_ref()) };
            let dir = PathBuf::from(prefix).join("etc/conda/deactivate.d/x.sh");
            Target {
                owner: Owner::Hand,
                prefix: prefix.into(),
                identity: if conda { in_conda } else { Identity::Venv { name: prefix.into() } },
                sets,
                defaults: vec![(Name::known("SSL_CERT_FILE"), ssl)],
                entries: vec![ListEntry {
                    list: Name::known(PATH),
                    dir: format!("{prefix}/bin").into(),
                }],
                enter: vec![],
                leave: if scripts { vec![dir] } else { vec![] },
                prompt: None,
            }
        },
    )
}

fn entered(vars: &Vars, target: &Target) -> (Vars, Session) {
    let (change, session) = enter(vars, target);
    (change.applied_to(vars), session)
}

proptest! {
    #[test]
    fn leaving_undoes_entering(before in world(), target in target()) {
        let (inside, session) = entered(&before, &target);
        prop_assert_eq!(Session::of(&inside).unwrap(), Some(session.clone()));
        prop_assert_eq!(leave(&inside, &session).applied_to(&inside), before);
    }

    #[test]
    fn the_users_own_changes_survive(before in world(), target in target(), mine in value(), gone in any::<bool>()) {
        let (mut inside, session) = entered(&before, &target);
        let touched = session.vars.iter().find(|var| var.new.as_ref() != Some(&mine));
        let name: OsString = touched.map_or("C", |var| var.name.as_str()).into();
        let unset_ours = touched.is_some_and(|var| var.new.is_none());
        let mine = if gone && !unset_ours { inside.remove(&name); None } else { Some(mine) };
        if let Some(mine) = &mine { inside.insert(name.clone(), mine.clone()); }
        let after = leave(&inside, &session).applied_to(&inside);
        prop_assert_eq!(after.get(&name), mine.as_ref());
    }

    #[test]
    fn path_edits_in_between_survive_in_place(before in world(), target in target(), front in "[a-z/]{1,4}", back in "[a-z/]{1,4}") {
        let (mut inside, session) = entered(&before, &target);
        let edit = |list: &OsStr| {
            let mut edited = OsString::from(format!("/front{front}:"));
            edited.push(list);
            edited.push(format!(":/back{back}"));
            edited
        };
        let path = edit(&inside[OsStr::new(PATH)]);
        inside.insert(PATH.into(), path);
        let after = leave(&inside, &session).applied_to(&inside);
        let expected = match before.get(OsStr::new(PATH)) {
            Some(list) => edit(list),
            None => format!("/front{front}:/back{back}").into(),
        };
        prop_assert_eq!(&after[OsStr::new(PATH)], &expected);
    }

    #[test]
    fn entering_twice_is_entering_once(before in world(), target in target(), edit in value()) {
        let (mut inside, session) = entered(&before, &target);
        prop_assert_eq!(switch(&inside, Some(&session), &target), (Change::default(), session.clone()));
        inside.insert("B".into(), edit);
        let path = list::with_front(inside.get(OsStr::new(PATH)).map(OsString::as_os_str), &[OsStr::new("/mine")]);
        inside.extend(path.map(|path| (PATH.into(), path)));
        prop_assert_eq!(switch(&inside, Some(&session), &target), (Change::default(), session));
    }

    #[test]
    fn a_switch_is_leaving_and_entering(before in world(), first in target(), second in target()) {
        let (inside, session) = entered(&before, &first);
        let (change, switched) = switch(&inside, Some(&session), &second);
        let after = change.applied_to(&inside);
        let outside = leave(&inside, &session).applied_to(&inside);
        let (expected, expected_session) = entered(&outside, &second);
        prop_assert_eq!(&after, &expected);
        prop_assert_eq!(&switched, &expected_session);
        prop_assert_eq!(leave(&after, &switched).applied_to(&after), before);
        for step in &change.steps {
            match step {
                Step::Set(name, value) => prop_assert_ne!(inside.get(OsStr::new(name.as_str())), Some(value)),
                Step::Unset(name) => prop_assert!(inside.contains_key(OsStr::new(name.as_str()))),
                _ => {}
            }
        }
    }
}

fn vars(pairs: &[(&str, &str)]) -> Vars {
    pairs.iter().map(|(name, value)| (name.into(), value.into())).collect()
}

fn conda_target() -> Target {
    Target {
        owner: Owner::Hand,
        prefix: "/e".into(),
        identity: Identity::Conda { env: "/e".into(), modifier: Label::new("e".as_ref()) },
        sets: vec![(Name::known("FOO"), Some("1".into()))],
        defaults: vec![],
        entries: vec![ListEntry { list: Name::known(PATH), dir: "/e/bin".into() }],
        enter: vec![Script { path: "/e/etc/conda/activate.d/a.sh".into(), prefix: None }],
        leave: vec!["/e/etc/conda/deactivate.d/a.sh".into()],
        prompt: Some(Label::new("e".as_ref())),
    }
}

fn get<'a>(vars: &'a Vars, name: &str) -> Option<&'a str> {
    vars.get(OsStr::new(name)).map(|value| value.to_str().unwrap())
}

#[test]
fn inside_conda_we_stack_on_it() {
    let before =
        vars(&[("CONDA_SHLVL", "1"), ("CONDA_PREFIX", "/c"), ("CONDA_PROMPT_MODIFIER", "(base) ")]);
    let (change, _) = enter(&before, &conda_target());
    let inside = change.applied_to(&before);
    assert_eq!(get(&inside, "CONDA_SHLVL"), Some("2"));
    assert_eq!(get(&inside, "CONDA_PREFIX_1"), Some("/c"));
    assert_eq!(get(&inside, "CONDA_STACKED_2"), Some("true"));
    let show = Prompt::Show { label: Label::new("e".as_ref()), instead_of: Some("(base) ".into()) };
    assert!(change.steps.contains(&Step::Prompt(show)));
}

#[test]
fn after_conda_deactivate_the_rest_is_left_without_scripts_and_can_be_entered_again() {
    let before = vars(&[("PATH", "/bin")]);
    let (change, session) = enter(&before, &conda_target());
    let mut inside = change.applied_to(&before);
    for gone in ["CONDA_PREFIX", "CONDA_DEFAULT_ENV", "CONDA_PROMPT_MODIFIER"] {
        inside.remove(OsStr::new(gone));
    }
    inside.extend(vars(&[("CONDA_SHLVL", "0"), ("PATH", "/bin")]));
    let left = leave(&inside, &session);
    assert!(!left.steps.iter().any(|step| matches!(step, Step::Leave(_))));
    assert_eq!(left.applied_to(&inside), vars(&[("CONDA_SHLVL", "0"), ("PATH", "/bin")]));
    let (again, _) = switch(&inside, Some(&session), &conda_target());
    assert_eq!(get(&again.applied_to(&inside), "CONDA_PREFIX"), Some("/e"));
    assert_eq!(get(&again.applied_to(&inside), "PATH"), Some("/e/bin:/bin"));
}

#[test]
fn a_lost_path_entry_is_put_back_and_no_script_runs() {
    let (change, session) = enter(&vars(&[("PATH", "/bin")]), &conda_target());
    let mut inside = change.applied_to(&vars(&[]));
    inside.insert("PATH".into(), "/usr/bin".into());
    let (healed, _) = switch(&inside, Some(&session), &conda_target());
    assert_eq!(healed.steps, [Step::Set(Name::known(PATH), "/e/bin:/usr/bin".into())]);
}

#[test]
fn another_owner_is_written_down_and_no_script_runs() {
    let (change, session) = enter(&vars(&[]), &conda_target());
    let inside = change.applied_to(&vars(&[]));
    let target = Target { owner: Owner::Marker("/p/.mlenv.toml".into()), ..conda_target() };
    let (change, switched) = switch(&inside, Some(&session), &target);
    assert_eq!(change.steps, [Step::Set(Name::known(SESSION), switched.to_string().into())]);
    assert_eq!(switched.owner, target.owner);
}

#[test]
fn an_env_whose_variables_changed_is_entered_anew() {
    let (change, session) = enter(&vars(&[]), &conda_target());
    let mut inside = change.applied_to(&vars(&[]));
    inside.insert("MINE".into(), "x".into());
    let mut edited = conda_target();
    edited.sets = vec![(Name::known("BAR"), Some("2".into()))];
    let after = switch(&inside, Some(&session), &edited).0.applied_to(&inside);
    assert_eq!(
        (get(&after, "FOO"), get(&after, "BAR"), get(&after, "MINE")),
        (None, Some("2"), Some("x"))
    );
}

#[test]
fn variables_change_in_one_block_between_the_scripts() {
    let (change, session) = enter(&vars(&[("PATH", "/bin")]), &conda_target());
    let inside = change.applied_to(&vars(&[("PATH", "/bin")]));
    let kinds: String = leave(&inside, &session).steps.iter().map(kind).collect();
    assert_eq!(kinds, "SsUUUUUUP"); // PATH, script, six variables, prompt
    assert!(change.steps.iter().map(kind).collect::<String>().ends_with("SPs"));
    assert!(matches!(&change.steps[0], Step::Set(name, _) if name.as_str() == SESSION));
    assert!(
        matches!(&leave(&inside, &session).steps[7], Step::Unset(name) if name.as_str() == SESSION)
    );
}

#[test]
fn a_change_that_stops_half_way_can_be_undone() {
    let before =
        vars(&[("PATH", "/bin"), ("FOO", "mine"), ("VIRTUAL_ENV", "/v"), ("SSL_CERT_FILE", "")]);
    let (change, session) = enter(&before, &conda_target());
    for done in 1..change.steps.len() {
        let part = Change { steps: change.steps[..done].to_vec() };
        let inside = part.applied_to(&before);
        let left = leave(&inside, &session);
        assert_eq!(left.applied_to(&inside), before, "after {done} steps");
        for undone in 1..left.steps.len() {
            let part = Change { steps: left.steps[..undone].to_vec() };
            let between = part.applied_to(&inside);
            let rest = Session::of(&between).unwrap().map(|session| leave(&between, &session));
            assert_eq!(
                rest.unwrap_or_default().applied_to(&between),
                before,
                "after {done} and {undone} steps"
            );
        }
    }
}

fn kind(step: &Step) -> char {
    match step {
        Step::Set(..) => 'S',
        Step::Unset(_) => 'U',
        Step::Enter(_) | Step::Leave(_) => 's',
        Step::Prompt(_) => 'P',
    }
}
