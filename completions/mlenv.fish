# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_mlenv_global_optspecs
    string join \n q/quiet h/help V/version
end

function __fish_mlenv_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_mlenv_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_mlenv_using_subcommand
    set -l cmd (__fish_mlenv_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c mlenv -n "__fish_mlenv_needs_command" -s q -l quiet -d 'Say nothing but failures and warnings'
complete -c mlenv -n "__fish_mlenv_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mlenv -n "__fish_mlenv_needs_command" -s V -l version -d 'Print version'
complete -c mlenv -n "__fish_mlenv_needs_command" -f -a "create" -d 'Make a new env on a base'
complete -c mlenv -n "__fish_mlenv_needs_command" -f -a "list" -d 'List the envs that mlenv made for you'
complete -c mlenv -n "__fish_mlenv_needs_command" -f -a "info" -d 'Show what an env is and what it stands on'
complete -c mlenv -n "__fish_mlenv_needs_command" -f -a "remove" -d 'Remove an env'
complete -c mlenv -n "__fish_mlenv_needs_command" -f -a "doctor" -d 'Find out what is wrong with an env, and mend it'
complete -c mlenv -n "__fish_mlenv_needs_command" -f -a "packages" -d 'List the packages in an env: version, where it is from, what it shadows'
complete -c mlenv -n "__fish_mlenv_needs_command" -f -a "rebase" -d 'Move an env onto another base, keeping what was added to it'
complete -c mlenv -n "__fish_mlenv_needs_command" -f -a "rename" -d 'Give an env another name or place'
complete -c mlenv -n "__fish_mlenv_needs_command" -f -a "clone" -d 'Copy an env, with all that was installed in it'
complete -c mlenv -n "__fish_mlenv_needs_command" -f -a "prune" -d 'Take away what mlenv left outside of envs and needs no more'
complete -c mlenv -n "__fish_mlenv_needs_command" -f -a "hook" -d 'Print the lines for your shell\'s rc file'
complete -c mlenv -n "__fish_mlenv_needs_command" -f -a "save" -d 'Let this directory activate an env: write its marker and trust it'
complete -c mlenv -n "__fish_mlenv_needs_command" -f -a "allow" -d 'Let the marker here take effect, as it is now'
complete -c mlenv -n "__fish_mlenv_needs_command" -f -a "deny" -d 'Never let the marker here take effect, whatever it says'
complete -c mlenv -n "__fish_mlenv_needs_command" -f -a "status" -d 'Show what is active here and why, and whether the hook is at work'
complete -c mlenv -n "__fish_mlenv_needs_command" -f -a "answer" -d 'What a hook evaluates'
complete -c mlenv -n "__fish_mlenv_needs_command" -f -a "activate" -d 'Make an env, an image or a base active in this shell'
complete -c mlenv -n "__fish_mlenv_needs_command" -f -a "deactivate" -d 'Undo what mlenv activated in this shell'
complete -c mlenv -n "__fish_mlenv_needs_command" -f -a "vars" -d 'Variables that an env sets while it is active'
complete -c mlenv -n "__fish_mlenv_needs_command" -f -a "base" -d 'Known bases, their facts and their indexes'
complete -c mlenv -n "__fish_mlenv_needs_command" -f -a "completions" -d 'Print the completion script for a shell'
complete -c mlenv -n "__fish_mlenv_needs_command" -f -a "man" -d 'Print the manual page'
complete -c mlenv -n "__fish_mlenv_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c mlenv -n "__fish_mlenv_using_subcommand create" -s p -l prefix -d 'The env\'s directory' -r -F
complete -c mlenv -n "__fish_mlenv_using_subcommand create" -s n -l name -d 'A name under the envs directory ($MLENV_ENVS, else ~/.local/share/mlenv/envs)' -r
complete -c mlenv -n "__fish_mlenv_using_subcommand create" -s b -l base -d 'The base: a directory (prefix or image), a python executable, or a known base\'s name' -r
complete -c mlenv -n "__fish_mlenv_using_subcommand create" -l layout -d 'What to link: `standard` for conda bases, `sparse` for any other, unless you say' -r -f -a "standard\t'What a conda client and a compiler need: programs, libraries, headers, records, kernels'
full\t'Every file that a package owns, but for site-packages'
sparse\t'Only the Python entry points: a handful of files, for pip and uv and slow file systems'"
complete -c mlenv -n "__fish_mlenv_using_subcommand create" -l python -d 'Refuse unless the base\'s Python is this version (3, 3.11 or 3.11.7)' -r
complete -c mlenv -n "__fish_mlenv_using_subcommand create" -l threads -d 'How many threads make links [default: by the file system]' -r
complete -c mlenv -n "__fish_mlenv_using_subcommand create" -l shell -d 'Print code that activates the env, for this shell' -r
complete -c mlenv -n "__fish_mlenv_using_subcommand create" -l user-site -d 'Let packages in your user site (~/.local) be seen inside the env'
complete -c mlenv -n "__fish_mlenv_using_subcommand create" -s f -l force -d 'Replace an env that is already there (never something that is no env)'
complete -c mlenv -n "__fish_mlenv_using_subcommand create" -l reindex -d 'Look through the base anew instead of using its index'
complete -c mlenv -n "__fish_mlenv_using_subcommand create" -l no-save -d 'Do not write the marker `.mlenv.toml` that makes this directory activate the env'
complete -c mlenv -n "__fish_mlenv_using_subcommand create" -l no-activate -d 'Do not activate the env in this shell (which takes the hook)'
complete -c mlenv -n "__fish_mlenv_using_subcommand create" -l json -d 'Print what was made as JSON'
complete -c mlenv -n "__fish_mlenv_using_subcommand create" -s q -l quiet -d 'Say nothing but failures and warnings'
complete -c mlenv -n "__fish_mlenv_using_subcommand create" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mlenv -n "__fish_mlenv_using_subcommand list" -l json -d 'Print them as JSON'
complete -c mlenv -n "__fish_mlenv_using_subcommand list" -s q -l quiet -d 'Say nothing but failures and warnings'
complete -c mlenv -n "__fish_mlenv_using_subcommand list" -s h -l help -d 'Print help'
complete -c mlenv -n "__fish_mlenv_using_subcommand info" -l json -d 'Print it as JSON'
complete -c mlenv -n "__fish_mlenv_using_subcommand info" -s q -l quiet -d 'Say nothing but failures and warnings'
complete -c mlenv -n "__fish_mlenv_using_subcommand info" -s h -l help -d 'Print help'
complete -c mlenv -n "__fish_mlenv_using_subcommand remove" -s q -l quiet -d 'Say nothing but failures and warnings'
complete -c mlenv -n "__fish_mlenv_using_subcommand remove" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mlenv -n "__fish_mlenv_using_subcommand doctor" -l layout -d 'Look for everything that this layout has' -r -f -a "standard\t'What a conda client and a compiler need: programs, libraries, headers, records, kernels'
full\t'Every file that a package owns, but for site-packages'
sparse\t'Only the Python entry points: a handful of files, for pip and uv and slow file systems'"
complete -c mlenv -n "__fish_mlenv_using_subcommand doctor" -l fix -d 'Mend what can be mended'
complete -c mlenv -n "__fish_mlenv_using_subcommand doctor" -l json -d 'Print the findings as JSON'
complete -c mlenv -n "__fish_mlenv_using_subcommand doctor" -s q -l quiet -d 'Say nothing but failures and warnings'
complete -c mlenv -n "__fish_mlenv_using_subcommand doctor" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mlenv -n "__fish_mlenv_using_subcommand packages" -l added -d 'Only what is in the env itself'
complete -c mlenv -n "__fish_mlenv_using_subcommand packages" -l json -d 'Print them as JSON'
complete -c mlenv -n "__fish_mlenv_using_subcommand packages" -s q -l quiet -d 'Say nothing but failures and warnings'
complete -c mlenv -n "__fish_mlenv_using_subcommand packages" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mlenv -n "__fish_mlenv_using_subcommand rebase" -s b -l base -d 'The new base: a directory or a known base\'s name' -r
complete -c mlenv -n "__fish_mlenv_using_subcommand rebase" -l update -d 'The same base by its name or path, as it is today'
complete -c mlenv -n "__fish_mlenv_using_subcommand rebase" -s q -l quiet -d 'Say nothing but failures and warnings'
complete -c mlenv -n "__fish_mlenv_using_subcommand rebase" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mlenv -n "__fish_mlenv_using_subcommand rename" -s q -l quiet -d 'Say nothing but failures and warnings'
complete -c mlenv -n "__fish_mlenv_using_subcommand rename" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mlenv -n "__fish_mlenv_using_subcommand clone" -s p -l prefix -d 'The env\'s directory' -r -F
complete -c mlenv -n "__fish_mlenv_using_subcommand clone" -s n -l name -d 'A name under the envs directory ($MLENV_ENVS, else ~/.local/share/mlenv/envs)' -r
complete -c mlenv -n "__fish_mlenv_using_subcommand clone" -s q -l quiet -d 'Say nothing but failures and warnings'
complete -c mlenv -n "__fish_mlenv_using_subcommand clone" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mlenv -n "__fish_mlenv_using_subcommand prune" -l dry-run -d 'Remove nothing'
complete -c mlenv -n "__fish_mlenv_using_subcommand prune" -l json -d 'Print what goes as JSON'
complete -c mlenv -n "__fish_mlenv_using_subcommand prune" -s q -l quiet -d 'Say nothing but failures and warnings'
complete -c mlenv -n "__fish_mlenv_using_subcommand prune" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mlenv -n "__fish_mlenv_using_subcommand hook" -s q -l quiet -d 'Say nothing but failures and warnings'
complete -c mlenv -n "__fish_mlenv_using_subcommand hook" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mlenv -n "__fish_mlenv_using_subcommand save" -s f -l force -d 'Write over a marker that names another env'
complete -c mlenv -n "__fish_mlenv_using_subcommand save" -s q -l quiet -d 'Say nothing but failures and warnings'
complete -c mlenv -n "__fish_mlenv_using_subcommand save" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mlenv -n "__fish_mlenv_using_subcommand allow" -l shared -d 'Allow it although other users own or can change the marker or the env'
complete -c mlenv -n "__fish_mlenv_using_subcommand allow" -s q -l quiet -d 'Say nothing but failures and warnings'
complete -c mlenv -n "__fish_mlenv_using_subcommand allow" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mlenv -n "__fish_mlenv_using_subcommand deny" -s q -l quiet -d 'Say nothing but failures and warnings'
complete -c mlenv -n "__fish_mlenv_using_subcommand deny" -s h -l help -d 'Print help'
complete -c mlenv -n "__fish_mlenv_using_subcommand status" -l hook -d 'What the hook says about itself' -r
complete -c mlenv -n "__fish_mlenv_using_subcommand status" -l json -d 'Print it as JSON'
complete -c mlenv -n "__fish_mlenv_using_subcommand status" -s q -l quiet -d 'Say nothing but failures and warnings'
complete -c mlenv -n "__fish_mlenv_using_subcommand status" -s h -l help -d 'Print help'
complete -c mlenv -n "__fish_mlenv_using_subcommand answer" -l shell -d 'The shell, with tcsh\'s version: `tcsh:6.24.07`' -r
complete -c mlenv -n "__fish_mlenv_using_subcommand answer" -l marker -d 'The nearest marker' -r -F
complete -c mlenv -n "__fish_mlenv_using_subcommand answer" -l told -d 'The refusals that this shell has heard' -r
complete -c mlenv -n "__fish_mlenv_using_subcommand answer" -s q -l quiet -d 'Say nothing but failures and warnings'
complete -c mlenv -n "__fish_mlenv_using_subcommand answer" -s h -l help -d 'Print help'
complete -c mlenv -n "__fish_mlenv_using_subcommand activate" -l shell -d 'Print code for this shell: bash, zsh, fish, tcsh, or tcsh:VERSION' -r
complete -c mlenv -n "__fish_mlenv_using_subcommand activate" -s q -l quiet -d 'Say nothing but failures and warnings'
complete -c mlenv -n "__fish_mlenv_using_subcommand activate" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mlenv -n "__fish_mlenv_using_subcommand deactivate" -l shell -d 'Print code for this shell: bash, zsh, fish, tcsh, or tcsh:VERSION' -r
complete -c mlenv -n "__fish_mlenv_using_subcommand deactivate" -s q -l quiet -d 'Say nothing but failures and warnings'
complete -c mlenv -n "__fish_mlenv_using_subcommand deactivate" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mlenv -n "__fish_mlenv_using_subcommand vars; and not __fish_seen_subcommand_from set unset list help" -s q -l quiet -d 'Say nothing but failures and warnings'
complete -c mlenv -n "__fish_mlenv_using_subcommand vars; and not __fish_seen_subcommand_from set unset list help" -s h -l help -d 'Print help'
complete -c mlenv -n "__fish_mlenv_using_subcommand vars; and not __fish_seen_subcommand_from set unset list help" -f -a "set" -d 'Set variables of an env'
complete -c mlenv -n "__fish_mlenv_using_subcommand vars; and not __fish_seen_subcommand_from set unset list help" -f -a "unset" -d 'Take variables from an env'
complete -c mlenv -n "__fish_mlenv_using_subcommand vars; and not __fish_seen_subcommand_from set unset list help" -f -a "list" -d 'List the variables of an env'
complete -c mlenv -n "__fish_mlenv_using_subcommand vars; and not __fish_seen_subcommand_from set unset list help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c mlenv -n "__fish_mlenv_using_subcommand vars; and __fish_seen_subcommand_from set" -s p -l env -d 'The env: a directory or a name [default: the active one]' -r
complete -c mlenv -n "__fish_mlenv_using_subcommand vars; and __fish_seen_subcommand_from set" -s q -l quiet -d 'Say nothing but failures and warnings'
complete -c mlenv -n "__fish_mlenv_using_subcommand vars; and __fish_seen_subcommand_from set" -s h -l help -d 'Print help'
complete -c mlenv -n "__fish_mlenv_using_subcommand vars; and __fish_seen_subcommand_from unset" -s p -l env -d 'The env: a directory or a name [default: the active one]' -r
complete -c mlenv -n "__fish_mlenv_using_subcommand vars; and __fish_seen_subcommand_from unset" -s q -l quiet -d 'Say nothing but failures and warnings'
complete -c mlenv -n "__fish_mlenv_using_subcommand vars; and __fish_seen_subcommand_from unset" -s h -l help -d 'Print help'
complete -c mlenv -n "__fish_mlenv_using_subcommand vars; and __fish_seen_subcommand_from list" -l json -d 'Print them as JSON'
complete -c mlenv -n "__fish_mlenv_using_subcommand vars; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Say nothing but failures and warnings'
complete -c mlenv -n "__fish_mlenv_using_subcommand vars; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c mlenv -n "__fish_mlenv_using_subcommand vars; and __fish_seen_subcommand_from help" -f -a "set" -d 'Set variables of an env'
complete -c mlenv -n "__fish_mlenv_using_subcommand vars; and __fish_seen_subcommand_from help" -f -a "unset" -d 'Take variables from an env'
complete -c mlenv -n "__fish_mlenv_using_subcommand vars; and __fish_seen_subcommand_from help" -f -a "list" -d 'List the variables of an env'
complete -c mlenv -n "__fish_mlenv_using_subcommand vars; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c mlenv -n "__fish_mlenv_using_subcommand base; and not __fish_seen_subcommand_from list add forget info packages index help" -s q -l quiet -d 'Say nothing but failures and warnings'
complete -c mlenv -n "__fish_mlenv_using_subcommand base; and not __fish_seen_subcommand_from list add forget info packages index help" -s h -l help -d 'Print help'
complete -c mlenv -n "__fish_mlenv_using_subcommand base; and not __fish_seen_subcommand_from list add forget info packages index help" -f -a "list" -d 'List the known bases: yours and the site\'s'
complete -c mlenv -n "__fish_mlenv_using_subcommand base; and not __fish_seen_subcommand_from list add forget info packages index help" -f -a "add" -d 'Give a base a name'
complete -c mlenv -n "__fish_mlenv_using_subcommand base; and not __fish_seen_subcommand_from list add forget info packages index help" -f -a "forget" -d 'Forget a base\'s name; the base itself is not touched'
complete -c mlenv -n "__fish_mlenv_using_subcommand base; and not __fish_seen_subcommand_from list add forget info packages index help" -f -a "info" -d 'Show what mlenv finds out about a base'
complete -c mlenv -n "__fish_mlenv_using_subcommand base; and not __fish_seen_subcommand_from list add forget info packages index help" -f -a "packages" -d 'List the packages of a base, those of conda and those of pip'
complete -c mlenv -n "__fish_mlenv_using_subcommand base; and not __fish_seen_subcommand_from list add forget info packages index help" -f -a "index" -d 'Write the archive of a base\'s links, from which envs are unpacked'
complete -c mlenv -n "__fish_mlenv_using_subcommand base; and not __fish_seen_subcommand_from list add forget info packages index help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c mlenv -n "__fish_mlenv_using_subcommand base; and __fish_seen_subcommand_from list" -l json -d 'Print them as JSON'
complete -c mlenv -n "__fish_mlenv_using_subcommand base; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Say nothing but failures and warnings'
complete -c mlenv -n "__fish_mlenv_using_subcommand base; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c mlenv -n "__fish_mlenv_using_subcommand base; and __fish_seen_subcommand_from add" -s n -l name -d 'Its name [default: the directory\'s name]' -r
complete -c mlenv -n "__fish_mlenv_using_subcommand base; and __fish_seen_subcommand_from add" -s f -l force -d 'Give the name to this base even if another one has it'
complete -c mlenv -n "__fish_mlenv_using_subcommand base; and __fish_seen_subcommand_from add" -s q -l quiet -d 'Say nothing but failures and warnings'
complete -c mlenv -n "__fish_mlenv_using_subcommand base; and __fish_seen_subcommand_from add" -s h -l help -d 'Print help'
complete -c mlenv -n "__fish_mlenv_using_subcommand base; and __fish_seen_subcommand_from forget" -s q -l quiet -d 'Say nothing but failures and warnings'
complete -c mlenv -n "__fish_mlenv_using_subcommand base; and __fish_seen_subcommand_from forget" -s h -l help -d 'Print help'
complete -c mlenv -n "__fish_mlenv_using_subcommand base; and __fish_seen_subcommand_from info" -l json -d 'Print it as JSON'
complete -c mlenv -n "__fish_mlenv_using_subcommand base; and __fish_seen_subcommand_from info" -s q -l quiet -d 'Say nothing but failures and warnings'
complete -c mlenv -n "__fish_mlenv_using_subcommand base; and __fish_seen_subcommand_from info" -s h -l help -d 'Print help'
complete -c mlenv -n "__fish_mlenv_using_subcommand base; and __fish_seen_subcommand_from packages" -l json -d 'Print them as JSON'
complete -c mlenv -n "__fish_mlenv_using_subcommand base; and __fish_seen_subcommand_from packages" -s q -l quiet -d 'Say nothing but failures and warnings'
complete -c mlenv -n "__fish_mlenv_using_subcommand base; and __fish_seen_subcommand_from packages" -s h -l help -d 'Print help'
complete -c mlenv -n "__fish_mlenv_using_subcommand base; and __fish_seen_subcommand_from index" -l layout -d 'What to link' -r -f -a "standard\t'What a conda client and a compiler need: programs, libraries, headers, records, kernels'
full\t'Every file that a package owns, but for site-packages'
sparse\t'Only the Python entry points: a handful of files, for pip and uv and slow file systems'"
complete -c mlenv -n "__fish_mlenv_using_subcommand base; and __fish_seen_subcommand_from index" -s o -l output -d 'Write it to this file' -r -F
complete -c mlenv -n "__fish_mlenv_using_subcommand base; and __fish_seen_subcommand_from index" -s q -l quiet -d 'Say nothing but failures and warnings'
complete -c mlenv -n "__fish_mlenv_using_subcommand base; and __fish_seen_subcommand_from index" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mlenv -n "__fish_mlenv_using_subcommand base; and __fish_seen_subcommand_from help" -f -a "list" -d 'List the known bases: yours and the site\'s'
complete -c mlenv -n "__fish_mlenv_using_subcommand base; and __fish_seen_subcommand_from help" -f -a "add" -d 'Give a base a name'
complete -c mlenv -n "__fish_mlenv_using_subcommand base; and __fish_seen_subcommand_from help" -f -a "forget" -d 'Forget a base\'s name; the base itself is not touched'
complete -c mlenv -n "__fish_mlenv_using_subcommand base; and __fish_seen_subcommand_from help" -f -a "info" -d 'Show what mlenv finds out about a base'
complete -c mlenv -n "__fish_mlenv_using_subcommand base; and __fish_seen_subcommand_from help" -f -a "packages" -d 'List the packages of a base, those of conda and those of pip'
complete -c mlenv -n "__fish_mlenv_using_subcommand base; and __fish_seen_subcommand_from help" -f -a "index" -d 'Write the archive of a base\'s links, from which envs are unpacked'
complete -c mlenv -n "__fish_mlenv_using_subcommand base; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c mlenv -n "__fish_mlenv_using_subcommand completions" -s q -l quiet -d 'Say nothing but failures and warnings'
complete -c mlenv -n "__fish_mlenv_using_subcommand completions" -s h -l help -d 'Print help'
complete -c mlenv -n "__fish_mlenv_using_subcommand man" -s q -l quiet -d 'Say nothing but failures and warnings'
complete -c mlenv -n "__fish_mlenv_using_subcommand man" -s h -l help -d 'Print help'
complete -c mlenv -n "__fish_mlenv_using_subcommand help; and not __fish_seen_subcommand_from create list info remove doctor packages rebase rename clone prune hook save allow deny status answer activate deactivate vars base completions man help" -f -a "create" -d 'Make a new env on a base'
complete -c mlenv -n "__fish_mlenv_using_subcommand help; and not __fish_seen_subcommand_from create list info remove doctor packages rebase rename clone prune hook save allow deny status answer activate deactivate vars base completions man help" -f -a "list" -d 'List the envs that mlenv made for you'
complete -c mlenv -n "__fish_mlenv_using_subcommand help; and not __fish_seen_subcommand_from create list info remove doctor packages rebase rename clone prune hook save allow deny status answer activate deactivate vars base completions man help" -f -a "info" -d 'Show what an env is and what it stands on'
complete -c mlenv -n "__fish_mlenv_using_subcommand help; and not __fish_seen_subcommand_from create list info remove doctor packages rebase rename clone prune hook save allow deny status answer activate deactivate vars base completions man help" -f -a "remove" -d 'Remove an env'
complete -c mlenv -n "__fish_mlenv_using_subcommand help; and not __fish_seen_subcommand_from create list info remove doctor packages rebase rename clone prune hook save allow deny status answer activate deactivate vars base completions man help" -f -a "doctor" -d 'Find out what is wrong with an env, and mend it'
complete -c mlenv -n "__fish_mlenv_using_subcommand help; and not __fish_seen_subcommand_from create list info remove doctor packages rebase rename clone prune hook save allow deny status answer activate deactivate vars base completions man help" -f -a "packages" -d 'List the packages in an env: version, where it is from, what it shadows'
complete -c mlenv -n "__fish_mlenv_using_subcommand help; and not __fish_seen_subcommand_from create list info remove doctor packages rebase rename clone prune hook save allow deny status answer activate deactivate vars base completions man help" -f -a "rebase" -d 'Move an env onto another base, keeping what was added to it'
complete -c mlenv -n "__fish_mlenv_using_subcommand help; and not __fish_seen_subcommand_from create list info remove doctor packages rebase rename clone prune hook save allow deny status answer activate deactivate vars base completions man help" -f -a "rename" -d 'Give an env another name or place'
complete -c mlenv -n "__fish_mlenv_using_subcommand help; and not __fish_seen_subcommand_from create list info remove doctor packages rebase rename clone prune hook save allow deny status answer activate deactivate vars base completions man help" -f -a "clone" -d 'Copy an env, with all that was installed in it'
complete -c mlenv -n "__fish_mlenv_using_subcommand help; and not __fish_seen_subcommand_from create list info remove doctor packages rebase rename clone prune hook save allow deny status answer activate deactivate vars base completions man help" -f -a "prune" -d 'Take away what mlenv left outside of envs and needs no more'
complete -c mlenv -n "__fish_mlenv_using_subcommand help; and not __fish_seen_subcommand_from create list info remove doctor packages rebase rename clone prune hook save allow deny status answer activate deactivate vars base completions man help" -f -a "hook" -d 'Print the lines for your shell\'s rc file'
complete -c mlenv -n "__fish_mlenv_using_subcommand help; and not __fish_seen_subcommand_from create list info remove doctor packages rebase rename clone prune hook save allow deny status answer activate deactivate vars base completions man help" -f -a "save" -d 'Let this directory activate an env: write its marker and trust it'
complete -c mlenv -n "__fish_mlenv_using_subcommand help; and not __fish_seen_subcommand_from create list info remove doctor packages rebase rename clone prune hook save allow deny status answer activate deactivate vars base completions man help" -f -a "allow" -d 'Let the marker here take effect, as it is now'
complete -c mlenv -n "__fish_mlenv_using_subcommand help; and not __fish_seen_subcommand_from create list info remove doctor packages rebase rename clone prune hook save allow deny status answer activate deactivate vars base completions man help" -f -a "deny" -d 'Never let the marker here take effect, whatever it says'
complete -c mlenv -n "__fish_mlenv_using_subcommand help; and not __fish_seen_subcommand_from create list info remove doctor packages rebase rename clone prune hook save allow deny status answer activate deactivate vars base completions man help" -f -a "status" -d 'Show what is active here and why, and whether the hook is at work'
complete -c mlenv -n "__fish_mlenv_using_subcommand help; and not __fish_seen_subcommand_from create list info remove doctor packages rebase rename clone prune hook save allow deny status answer activate deactivate vars base completions man help" -f -a "answer" -d 'What a hook evaluates'
complete -c mlenv -n "__fish_mlenv_using_subcommand help; and not __fish_seen_subcommand_from create list info remove doctor packages rebase rename clone prune hook save allow deny status answer activate deactivate vars base completions man help" -f -a "activate" -d 'Make an env, an image or a base active in this shell'
complete -c mlenv -n "__fish_mlenv_using_subcommand help; and not __fish_seen_subcommand_from create list info remove doctor packages rebase rename clone prune hook save allow deny status answer activate deactivate vars base completions man help" -f -a "deactivate" -d 'Undo what mlenv activated in this shell'
complete -c mlenv -n "__fish_mlenv_using_subcommand help; and not __fish_seen_subcommand_from create list info remove doctor packages rebase rename clone prune hook save allow deny status answer activate deactivate vars base completions man help" -f -a "vars" -d 'Variables that an env sets while it is active'
complete -c mlenv -n "__fish_mlenv_using_subcommand help; and not __fish_seen_subcommand_from create list info remove doctor packages rebase rename clone prune hook save allow deny status answer activate deactivate vars base completions man help" -f -a "base" -d 'Known bases, their facts and their indexes'
complete -c mlenv -n "__fish_mlenv_using_subcommand help; and not __fish_seen_subcommand_from create list info remove doctor packages rebase rename clone prune hook save allow deny status answer activate deactivate vars base completions man help" -f -a "completions" -d 'Print the completion script for a shell'
complete -c mlenv -n "__fish_mlenv_using_subcommand help; and not __fish_seen_subcommand_from create list info remove doctor packages rebase rename clone prune hook save allow deny status answer activate deactivate vars base completions man help" -f -a "man" -d 'Print the manual page'
complete -c mlenv -n "__fish_mlenv_using_subcommand help; and not __fish_seen_subcommand_from create list info remove doctor packages rebase rename clone prune hook save allow deny status answer activate deactivate vars base completions man help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c mlenv -n "__fish_mlenv_using_subcommand help; and __fish_seen_subcommand_from vars" -f -a "set" -d 'Set variables of an env'
complete -c mlenv -n "__fish_mlenv_using_subcommand help; and __fish_seen_subcommand_from vars" -f -a "unset" -d 'Take variables from an env'
complete -c mlenv -n "__fish_mlenv_using_subcommand help; and __fish_seen_subcommand_from vars" -f -a "list" -d 'List the variables of an env'
complete -c mlenv -n "__fish_mlenv_using_subcommand help; and __fish_seen_subcommand_from base" -f -a "list" -d 'List the known bases: yours and the site\'s'
complete -c mlenv -n "__fish_mlenv_using_subcommand help; and __fish_seen_subcommand_from base" -f -a "add" -d 'Give a base a name'
complete -c mlenv -n "__fish_mlenv_using_subcommand help; and __fish_seen_subcommand_from base" -f -a "forget" -d 'Forget a base\'s name; the base itself is not touched'
complete -c mlenv -n "__fish_mlenv_using_subcommand help; and __fish_seen_subcommand_from base" -f -a "info" -d 'Show what mlenv finds out about a base'
complete -c mlenv -n "__fish_mlenv_using_subcommand help; and __fish_seen_subcommand_from base" -f -a "packages" -d 'List the packages of a base, those of conda and those of pip'
complete -c mlenv -n "__fish_mlenv_using_subcommand help; and __fish_seen_subcommand_from base" -f -a "index" -d 'Write the archive of a base\'s links, from which envs are unpacked'
