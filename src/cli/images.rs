//! The verbs about images.

use clap::Subcommand;

/// Known images, and what registries tell about any
#[derive(Debug, Subcommand)]
pub(crate) enum Image {
    /// List the images of the catalogue: mlenv's own, the site's and yours
    #[command(
        after_help = "Examples:\n  mlenv image list\n  mlenv image list 'ml-*:*python311'\n\nFiles: /etc/mlenv/images.toml, ~/.config/mlenv/images.toml"
    )]
    List {
        /// The beginning of a name or reference, or a pattern with `*` and `?`
        #[arg(value_name = "PATTERN")]
        image: Option<String>,
        /// Print them as JSON
        #[arg(long)]
        json: bool,
    },
}
