# Source this file in fish: `source ENV/bin/activate.fish`. It makes the env active; `deactivate` undoes it.
# Where mlenv is on PATH it does the work, and the env's own variables are set too; else this file does the essential.

set -l __mlenv_act_made @ENV@
set -g __mlenv_act_env $__mlenv_act_made
set -l __mlenv_act_here (builtin realpath (status dirname)/.. 2>/dev/null)
if test -f "$__mlenv_act_here/mlenv.toml"; and test "$__mlenv_act_here" != (builtin realpath $__mlenv_act_made 2>/dev/null; or echo)
    set -g __mlenv_act_env $__mlenv_act_here
    printf '%s\n' 'mlenv: this env was moved, its programs still look for the old place' 'hint: run `mlenv doctor --fix` on it' >&2
end

if not test -e "$__mlenv_act_env/baseEnv_dir/bin"
    printf '%s\n' 'mlenv: the base of this env is gone' 'hint: mount it again, or run `mlenv rebase`' >&2
    set -eg __mlenv_act_env
    return 1
end

# Left by an earlier activation of this kind.
if functions -q __mlenv_act_leave
    set -l __mlenv_act_keep $__mlenv_act_env
    deactivate
    set -g __mlenv_act_env $__mlenv_act_keep
end

function __mlenv_act_leave
#{
    functions -e __mlenv_act_exported __mlenv_act_keep __mlenv_act_compare __mlenv_act_note
    set -eg __mlenv_act_dirs
#}
    functions -e deactivate __mlenv_act_leave __mlenv_act_set
    set -eg __mlenv_act_env
    set -eg __mlenv_act_names
end

# NAME VALUE, or NAME alone to unset it: remembers what was there.
function __mlenv_act_set
    if set -q $argv[1]
        set -g __mlenv_act_old_$argv[1] $$argv[1]
    end
    set -g __mlenv_act_new_$argv[1] $argv[2..]
    set -g __mlenv_act_names $argv[1] $__mlenv_act_names
    if set -q argv[2]
        set -gx $argv[1] $argv[2]
    else
        set -eg $argv[1]
    end
end

#{
# What scripts of packages change is undone too. Nothing of ours, nor of fish's own.
function __mlenv_act_exported
    string match -vr '^(PATH|PWD|OLDPWD|SHLVL|_|(?i)__mlenv.*)$' -- (set -nx)
end

function __mlenv_act_keep
    set -g __mlenv_act_kept (__mlenv_act_exported) PATH
    for __mlenv_act_name in $__mlenv_act_kept
        set -g __mlenv_act_was_$__mlenv_act_name $$__mlenv_act_name
    end
end

# enter|leave: notes what differs, or gives it back.
function __mlenv_act_compare
    for __mlenv_act_name in $__mlenv_act_kept
        set -l __mlenv_act_was __mlenv_act_was_$__mlenv_act_name
        set -qx $__mlenv_act_name; and test "$$__mlenv_act_name" = "$$__mlenv_act_was"; and continue
        if test $argv[1] = leave
            set -gx $__mlenv_act_name $$__mlenv_act_was
        else if test $__mlenv_act_name = PATH
            for __mlenv_act_dir in $PATH
                contains -- $__mlenv_act_dir $$__mlenv_act_was; or set -ga __mlenv_act_dirs $__mlenv_act_dir
            end
        else
            contains -- $__mlenv_act_name $__mlenv_act_names
            or set -g __mlenv_act_old_$__mlenv_act_name $$__mlenv_act_was
            __mlenv_act_note $__mlenv_act_name
        end
    end
    if test $argv[1] = enter
        for __mlenv_act_name in (__mlenv_act_exported)
            contains -- $__mlenv_act_name $__mlenv_act_kept; or __mlenv_act_note $__mlenv_act_name
        end
    end
    for __mlenv_act_name in $__mlenv_act_kept
        set -eg __mlenv_act_was_$__mlenv_act_name
    end
    set -eg __mlenv_act_kept
end

function __mlenv_act_note
    set -g __mlenv_act_new_$argv[1] $$argv[1]
    contains -- $argv[1] $__mlenv_act_names; or set -g __mlenv_act_names $argv[1] $__mlenv_act_names
end

#}
if command -sq mlenv
    if set -l __mlenv_act_code (command mlenv activate --shell fish $__mlenv_act_env | string collect)
        printf '%s' "$__mlenv_act_code" | source
        function deactivate
            command mlenv deactivate --shell fish | source
            __mlenv_act_leave
        end
    else if test $pipestatus[1] -ne 0
        __mlenv_act_leave
        return 1
    end
else
    function deactivate
        for __mlenv_act_file in $__mlenv_act_env/etc/conda/deactivate.d/*.fish
            set -p __mlenv_act_files $__mlenv_act_file
        end
#{
        test -n "$__mlenv_act_files"; and __mlenv_act_keep
#}
        for __mlenv_act_file in $__mlenv_act_files
            source $__mlenv_act_file
        end
#{
        test -n "$__mlenv_act_files"; and __mlenv_act_compare leave
        for __mlenv_act_dir in $__mlenv_act_dirs
            if set -l __mlenv_act_at (contains -i -- $__mlenv_act_dir $PATH)
                set -e PATH[$__mlenv_act_at]
            end
        end
#}
        for __mlenv_act_name in $__mlenv_act_names
            set -l __mlenv_act_new __mlenv_act_new_$__mlenv_act_name
            set -l __mlenv_act_old __mlenv_act_old_$__mlenv_act_name
            # What was changed in between stays.
            if test "$$__mlenv_act_name" = "$$__mlenv_act_new"
                if set -q $__mlenv_act_old
                    # A universal variable that this one hid is seen again.
                    set -eg $__mlenv_act_name
                    set -qUx $__mlenv_act_name; and test "$$__mlenv_act_name" = "$$__mlenv_act_old"
                    or set -gx $__mlenv_act_name $$__mlenv_act_old
                else
                    set -eg $__mlenv_act_name
                end
            end
            set -eg $__mlenv_act_new
            set -eg $__mlenv_act_old
        end
        for __mlenv_act_bin in @BINS@
            if set -l __mlenv_act_at (contains -i -- $__mlenv_act_env/$__mlenv_act_bin $PATH)
                set -e PATH[$__mlenv_act_at]
            end
        end
        if functions -q __mlenv_act_fish_prompt
            functions -e fish_prompt
            functions -c __mlenv_act_fish_prompt fish_prompt
            functions -e __mlenv_act_fish_prompt
        end
        __mlenv_act_leave
    end
    for __mlenv_act_bin in @BINS_BACK@
        set -gx PATH $__mlenv_act_env/$__mlenv_act_bin $PATH
    end
    @VARIABLES@
    if status is-interactive; and test -z "$MLENV_DISABLE_PROMPT$VIRTUAL_ENV_DISABLE_PROMPT"; and functions -q fish_prompt
        functions -e __mlenv_act_fish_prompt
        functions -c fish_prompt __mlenv_act_fish_prompt
        function fish_prompt
            # First, so that it finds the status of the last pipeline.
            set -l __mlenv_act_text (__mlenv_act_fish_prompt | string collect -N)
            set_color normal
            printf '%s%s' @LABEL@ "$__mlenv_act_text"
        end
    end
#{
    count $__mlenv_act_env/etc/conda/activate.d/*.fish >/dev/null; and __mlenv_act_keep
#}
    for __mlenv_act_file in $__mlenv_act_env/etc/conda/activate.d/*.fish
        source $__mlenv_act_file
    end
#{
    set -q __mlenv_act_kept; and __mlenv_act_compare enter
#}
end
