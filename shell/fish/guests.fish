# What users of conda and of venvs are used to: `conda deactivate` leaves an env of ours, and so does a plain `deactivate`.
# Follows hook.fish; guests.bash explains.

if status is-interactive

    # What the session made of the variable $argv[1], into __mlenv_was; false where it made nothing.
    function __mlenv_recall
        set -l items (string match "v:$argv[1]:=*" -- (string split ' ' -- $__MLENV_SESSION)); or return 1
        set -g __mlenv_was ''
        set -l new (string split : -- $items[1])[3]
        __mlenv_decode __mlenv_was (string sub -s 2 -- $new)
    end

    # conda has taken it off: it counts less that is active than it did with the env.
    function __mlenv_was_left
        test "$CONDA_PREFIX" != "$__mlenv_prefix"; and __mlenv_recall CONDA_SHLVL; or return 1
        set -l level 0
        test -n "$CONDA_SHLVL"; and set level $CONDA_SHLVL
        string match -qr '^[0-9]+,[0-9]+$' -- "$level,$__mlenv_was"; and test $level -lt $__mlenv_was
    end

    # conda has another one active on top of it, and will come back to it.
    function __mlenv_is_below
        __mlenv_recall CONDA_SHLVL; and string match -qr '^[0-9]+$' -- $__mlenv_was; or return 1
        set -l outer CONDA_PREFIX_$__mlenv_was
        test "$$outer" = "$__mlenv_prefix"
    end

    # Leaves what somebody else has taken off, as `mlenv deactivate` does.
    function __mlenv_follow
        __mlenv_find; and mlenv deactivate; or __mlenv_undo
        test "$__mlenv_seen" = '?'; and __mlenv_hook
    end

    # Where conda comes back to it, it names it in a way of its own.
    function __mlenv_relabel
        test -n "$__MLENV_SESSION" -a "$CONDA_PREFIX" = "$__mlenv_prefix"; and __mlenv_recall CONDA_PROMPT_MODIFIER; or return 0
        test "$CONDA_PROMPT_MODIFIER" = "$__mlenv_was"; or set -gx CONDA_PROMPT_MODIFIER $__mlenv_was
    end

    # A plain `deactivate` while an env is active, where nothing else has that name; taken back if it is still ours.
    function __mlenv_offer
        if test -z "$__MLENV_SESSION"
            functions -q deactivate; and string match -q '*__mlenv_plain*' -- (functions deactivate); and functions -e deactivate
        else if not functions -q deactivate; and not command -q deactivate
            function deactivate
                __mlenv_plain $argv
            end
        end
        return 0
    end

    # A venv's own activation calls what has the name with a word, and means itself.
    function __mlenv_plain
        test "$argv[1]" = nondestructive; or mlenv deactivate
    end
end
