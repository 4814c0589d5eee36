//! As whom a script runs, and what the kernel keeps it from.

use std::{borrow::Cow, path::Path, sync::Arc};

use htbin_spawn::{
    Identity, Terms,
    owner::{self, Minimum},
};

use super::Rules;
use crate::{
    diagnosis::Runner,
    refusal::{Reason, Refusal},
};

/// As whom the scripts of a route run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum RunAs {
    /// As the server.
    #[default]
    Server,
    /// As this user.
    User(Arc<Runner>),
    /// Each as the user whom it belongs to, by suexec's rules.
    Owner(Minimum),
}

impl Rules {
    /// Whom a script of these rules runs as, where that is not the server's own user.
    pub(super) fn runner(&self) -> Option<Arc<Runner>> {
        match &self.run_as {
            RunAs::User(runner) => Some(Arc::clone(runner)),
            RunAs::Server | RunAs::Owner(_) => None,
        }
    }

    /// The terms for this script. The look at who owns it may have to wait for a disk.
    pub(super) async fn terms_for(&self, program: &Path) -> Result<Cow<'_, Terms>, Refusal> {
        let RunAs::Owner(minimum) = self.run_as else { return Ok(Cow::Borrowed(&self.terms)) };
        let script = program.to_owned();
        let looked = tokio::task::spawn_blocking(move || {
            let directory = script.parent().unwrap_or(&script);
            owner::check(&script, directory, minimum)
        });
        match looked.await {
            Ok(Ok(identity)) => Ok(Cow::Owned(Terms { identity: Some(identity), ..self.terms.clone() })),
            Ok(Err(why)) => Err(Refusal::with_detail(Reason::OwnerUnfit, why.to_string()).of_script(program)),
            Err(error) => Err(Refusal::with_detail(Reason::Internal, error.to_string())),
        }
    }
}

/// Whom the terms name, as far as numbers say it.
pub(super) fn runner_of(identity: &Identity) -> Runner {
    Runner { name: identity.uid.to_string(), uid: identity.uid, groups: identity.groups.clone() }
}
