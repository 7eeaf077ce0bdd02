//! The image that a new layer goes on.

use std::time::Duration;

use crate::context::Context;
use crate::error::Result;
use crate::image::Reference;
use crate::image::registry::content::ImageContent;
use crate::image::registry::{Platform, Registry};
use crate::layers::freeze::MadeOn;

/// An image's parts, and who has them.
pub(super) struct Ground<'a> {
    /// As it was named.
    pub(super) name: &'a Reference,
    /// Where it is asked for.
    pub(super) reference: &'a Reference,
    pub(super) registry: Registry<'a>,
    pub(super) parts: ImageContent,
}

impl<'a> Ground<'a> {
    pub(super) fn ask(
        context: &'a Context,
        (name, reference): (&'a Reference, &'a Reference),
        patience: Duration,
    ) -> Result<Self> {
        let mut registry = Registry::new(context.host, reference, patience)?;
        let parts = registry.content(&Platform::here())?;
        Ok(Self { name, reference, registry, parts })
    }

    /// What this image was made on, where it is a frozen env itself. Where that cannot be had any more the env before stays
    /// below the new one, out of everybody's way.
    pub(super) fn lowest(
        self,
        context: &'a Context,
        made_on: Option<&'a MadeOn>,
        patience: Duration,
    ) -> Self {
        let Some(MadeOn { name, pinned }) = made_on else { return self };
        let is = format!("{} is an env on {name} itself", self.name);
        match Self::ask(context, (name, pinned), patience) {
            Ok(found) => {
                context.ui.say(format!("{is}: the new one starts again from there"));
                found
            }
            Err(error) => {
                context
                    .ui
                    .warn(format!("{is}, which cannot be had: that env stays below ({error})"));
                self
            }
        }
    }
}
