//! `mlenv image push`: an image that lies here as files, in a registry.

use std::path::Path;

use super::delivery;
use crate::cli::ImagePush;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::image::Reference;
use crate::image::digest::Digest;
use crate::layers::local::LocalImage;
use crate::layers::push;
use crate::text::{Shown, count, size};

pub(super) fn run(context: &Context, arguments: &ImagePush) -> Result<()> {
    let named = arguments.image.to_str().and_then(|text| text.strip_prefix("oci:"));
    let path = context.host.absolute(named.map_or(arguments.image.as_path(), Path::new))?;
    if path.symlink_metadata().is_err() {
        return Err(Error::no(format!("there is no image at {}", Shown(&path))));
    }
    let reference = Reference::parse(&arguments.to)?;
    let image = LocalImage::open(&path)?;
    let target = delivery::wanted(&reference, &arguments.sending);
    let bar = context.ui.waiting("sending");
    let sent = push::push_local(context.host, &image, &target);
    drop(bar);
    let sent = sent?;
    context.ui.say(format!(
        "pushed {reference}: sent {}, there already {}",
        size(sent.sent),
        count(sent.mounted, "layer", "layers")
    ));
    super::print_words(format!("{}\n", Digest::of(&image.manifest)))
}
