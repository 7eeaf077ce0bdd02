//! Who sees to conda's packages in an env: mlenv itself, or a client.

use std::ffi::OsStr;

use super::Opened;
use crate::base::BaseKind;
use crate::context::Context;
use crate::env::layout::Layout;
use crate::error::{Error, Result};
use crate::hint::command;
use crate::packages::client::{self, Choice};
use crate::packages::conda::Errand;
use crate::packages::run::Task;
use crate::text::Shown;

impl Opened {
    /// Who does what concerns conda's packages in this env; why nobody can is an error.
    pub(crate) fn conda(
        &self,
        context: &Context,
        client: Option<&OsStr>,
        errand: Errand,
    ) -> Result<Task> {
        self.check_conda()?;
        self.conda_anywhere(context, client, errand)
    }

    /// As `conda`, for what was put into the env before: that goes from any base, as after a rebase onto another kind.
    pub(crate) fn conda_anywhere(
        &self,
        context: &Context,
        client: Option<&OsStr>,
        errand: Errand,
    ) -> Result<Task> {
        self.conda_if_there(context, client, errand)?.ok_or_else(|| {
            Error::new("no conda client was found: no micromamba, mamba or conda")
                .hint("set MAMBA_EXE to one, or install with --pip")
        })
    }

    /// The same; none where a client should do it and there is none.
    pub(crate) fn conda_if_there(
        &self,
        context: &Context,
        client: Option<&OsStr>,
        errand: Errand,
    ) -> Result<Option<Task>> {
        match client::chosen(context.host, &context.dirs, (&self.vars, &self.env), client)? {
            Choice::None => Ok(None),
            Choice::Client(client) => Ok(Some(Task::Conda(client, errand))),
            #[cfg(feature = "conda")]
            Choice::Own => Ok(Some(Task::Own(errand))),
        }
    }

    /// Whether conda's packages can be put into this env at all.
    fn check_conda(&self) -> Result<()> {
        let env = Shown(&self.env);
        if self.base.kind != BaseKind::Conda {
            return Err(Error::new(format!("{env} does not stand on a conda base"))
                .hint("leave --conda out: pip installs there"));
        }
        if self.record.layout == Layout::Sparse {
            let error = Error::new(format!(
                "{env} is sparse: a conda client would see nothing of the base in it"
            ));
            let fill = command("mlenv doctor --layout standard --fix {}", &[&self.env]);
            return Err(error.hint(format!("{fill} fills it; or install with --pip")));
        }
        Ok(())
    }
}
