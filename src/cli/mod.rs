//! The command line as types. No logic: every verb's arguments end up in `cmd`.

mod an_env;
mod bases;
mod containers;
mod doctor;
mod envs;
mod groups;
mod images;
mod jupyter;
mod kept;
mod layers;
mod lock;
mod needed;
mod pack;
mod packages;
mod quick;
mod requirements;
mod run;
#[cfg(feature = "conda")]
mod search;
mod settings;
mod shells;
mod spec;
mod tasks;
mod update;
mod vars;
mod work;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub(crate) use self::an_env::AnEnv;
pub(crate) use self::bases::{
    Base, Check as BaseCheck, Make as BaseMake, Match as BaseMatch, Prepare as BasePrepare,
};
pub(crate) use self::containers::{
    Container, ContainerInfo, ContainerJupyter, ContainerList, ContainerRecord, ContainerRemove,
    ContainerVerb, Enter, Import, Setup, Update, Wrap,
};
pub(crate) use self::doctor::{Clone, Doctor, Packages, Prune, Rebase, Rename};
pub(crate) use self::envs::{Create, Info, List, NewPlace, Place, Remove};
pub(crate) use self::images::{Image, ImageInfo, ImagePackages, ImagePin, ImageRecipe};
pub(crate) use self::jupyter::{At, Jupyter};
pub(crate) use self::kept::BaseKept;
pub(crate) use self::layers::{
    From as FromImage, ImageBuild, ImageDeploy, ImageFreeze, ImagePush, ImageUnpack, Sending,
    To as ImageTo,
};
pub(crate) use self::lock::Lock;
pub(crate) use self::needed::{Autoremove, Why};
pub(crate) use self::pack::{Pack, Unpack};
pub(crate) use self::packages::{
    Export, Install, Manner, OfEnv, PartsOf, Pin, Switch, Sync, Uninstall, Unpin, UserSite,
};
pub(crate) use self::requirements::Requirements;
pub(crate) use self::run::{Run, Shell, Which};
#[cfg(feature = "conda")]
pub(crate) use self::search::Search;
pub(crate) use self::settings::{Init, SettingKey, Settings};
pub(crate) use self::shells::{
    Activate, Allow, Answer, Deactivate, Deny, Hook, Save, Settle, Status, Unsave,
};
pub(crate) use self::spec::ImageSpec;
pub(crate) use self::tasks::{ContainerMakefile, ContainerTask};
pub(crate) use self::update::{Outdated, UpdatePackages};
pub(crate) use self::vars::{Vars, VarsVerb};
use crate::ui::{self, Loudness};

/// Make light, writable environments on big, shared, read-only software.
///
/// An env is a directory of links into a base (a conda prefix, an image directory, or any Python) in which
/// you install what is missing. The base is never written to.
#[derive(Debug, Parser)]
#[command(name = "mlenv", version, arg_required_else_help = true, max_term_width = 100)]
#[command(
    after_help = "Exit codes: 0 done; 1 no (not found, nothing active); 2 usage or environment error; 130 interrupted."
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
    /// Say nothing but failures and warnings
    #[arg(short, long, global = true)]
    quiet: bool,
    /// Show all that tools say while they work
    #[arg(short, long, global = true, conflicts_with = "quiet")]
    verbose: bool,
}

impl Arguments {
    /// How much the user wants to hear; `terminal` says whether stderr is one.
    pub(crate) fn loudness(&self, terminal: bool) -> Loudness {
        match self.command {
            Command::Answer(_) if !terminal => Loudness::Silent,
            _ if self.quiet => Loudness::Quiet,
            _ if self.verbose => Loudness::Verbose,
            _ => Loudness::Normal,
        }
    }
}

/// Parses the words of a command line, the program's own name first. `Err` holds the exit code after help, version or
/// a usage error was printed.
pub(crate) fn parse(words: &[OsString], colours: bool) -> Result<Arguments, ExitCode> {
    if let Some(arguments) = quick::parse(words) {
        return Ok(arguments);
    }
    groups::parse(words).map_err(|error| {
        // clap repeats words and variables as they are: its complaints go through the filter, and have their colours after it.
        if error.use_stderr() {
            ui::complain(&(error.render().to_string() + &groups::meant(&error)), colours);
        } else {
            let _ = error.print(); // a closed pipe is not a failure of ours
        }
        ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
    })
}

/// True for the words of a command that can be typed: nothing runs.
pub(crate) fn takes(words: &[String]) -> bool {
    let refused = Arguments::try_parse_from(words).err();
    refused.is_none_or(|error| !error.use_stderr())
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Create(Create),
    #[command(visible_alias = "ls")]
    List(List),
    Info(Info),
    #[command(visible_alias = "rm")]
    Remove(Remove),
    #[command(visible_alias = "add")]
    Install(Install),
    Uninstall(Uninstall),
    Update(UpdatePackages),
    Outdated(Outdated),
    #[cfg(feature = "conda")]
    Search(Search),
    Why(Why),
    Autoremove(Autoremove),
    Sync(Sync),
    Lock(Lock),
    Requirements(Requirements),
    Pin(Pin),
    Unpin(Unpin),
    Export(Export),
    UserSite(UserSite),
    Doctor(Doctor),
    Packages(Packages),
    Rebase(Rebase),
    Rename(Rename),
    Clone(Clone),
    Prune(Prune),
    Hook(Hook),
    Save(Save),
    Unsave(Unsave),
    Allow(Allow),
    Deny(Deny),
    Status(Status),
    #[command(hide = true)]
    Answer(Answer),
    #[command(hide = true)]
    Settle(Settle),
    Activate(Activate),
    Deactivate(Deactivate),
    Vars(Vars),
    Run(Run),
    Pack(Pack),
    Unpack(Unpack),
    #[command(subcommand)]
    Jupyter(Jupyter),
    Shell(Shell),
    #[command(subcommand)]
    Base(Base),
    #[command(subcommand)]
    Image(Image),
    Init(Init),
    #[command(subcommand)]
    Config(Settings),
    SelfCheck(SelfCheck),
    Container(Container),
    Import(Import),
    Completions(Completions),
    #[command(hide = true)]
    Complete(Complete),
    Man(Man),
}

/// See whether mlenv works here
///
/// Checks that its own directories can be written to, makes an env on the default base, runs its Python, and removes
/// the env again. Nothing else is touched. Ends with 1 if something does not work.
#[derive(Debug, Args)]
pub(crate) struct SelfCheck {
    /// Print the checks as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Print the completion script for a shell
///
/// It asks this program what could come next, so it knows your envs and bases, and is never out of date.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  bash: mlenv completions bash > ~/.local/share/bash-completion/completions/mlenv
  zsh:  mlenv completions zsh > DIR/_mlenv, DIR being one of $fpath
  tcsh: mlenv completions tcsh > ~/.mlenv-complete.tcsh, and `source` that in ~/.tcshrc
  fish: mlenv completions fish > ~/.config/fish/completions/mlenv.fish")]
pub(crate) struct Completions {
    /// The shell
    pub(crate) shell: CompletionShell,
}

/// Shells with completions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum CompletionShell {
    Bash,
    Zsh,
    Tcsh,
    Fish,
}

/// Print what could stand at the end of a command line: what the completion scripts call
#[derive(Debug, Args)]
pub(crate) struct Complete {
    /// The shell that asks
    pub(crate) shell: CompletionShell,
    /// The line up to the cursor
    #[arg(long, allow_hyphen_values = true)]
    pub(crate) line: Option<OsString>,
    /// The end of it that the shell will replace
    #[arg(long, allow_hyphen_values = true, requires = "line")]
    pub(crate) word: Option<OsString>,
    /// The line as words, the one at the cursor last
    #[arg(last = true)]
    pub(crate) words: Vec<OsString>,
}

/// Show a manual page, or write those of all verbs
///
/// On a terminal man(1) shows it, where there is one; elsewhere its source is printed.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  mlenv man                               the program as a whole
  mlenv man image freeze                  one verb
  mlenv man --to ~/.local/share/man/man1")]
pub(crate) struct Man {
    /// Write `mlenv.1` and a page for each verb into this directory
    #[arg(long, value_name = "DIR")]
    pub(crate) to: Option<PathBuf>,
    /// The verb whose page is meant
    #[arg(value_name = "VERB", conflicts_with = "to")]
    pub(crate) verb: Vec<String>,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        super::Arguments::command().debug_assert();
    }
}

#[cfg(test)]
mod typed;
