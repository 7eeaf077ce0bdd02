# mlenv's hook for fish 3.1 and later:  mlenv hook fish | source
#
# The same decisions as in hook.bash, which explains them. fish runs its builtins without forking, also in pipes.

if status is-interactive

    set -g __mlenv_exe ::MLENV::
    set -q __mlenv_told; or set -g __mlenv_told ''
    set -g __mlenv_gone ''
    set -g __mlenv_untold ''
    set -g __mlenv_paths
    # What is active, by whom, and what leaves it; what was looked at last, and what was decided about.
    for name in known by mark prefix birth bin guard mine back pwd near file text answer key seen lost other
        set -g __mlenv_$name ''
    end
    # An env that came with the surroundings is looked at once, whatever lies here.
    set -g __mlenv_first ''
    if test -n "$__MLENV_SESSION"
        set -g __mlenv_seen '?'
        set -g __mlenv_first first
    end

    function __mlenv_say
        test -t 2; and builtin printf 'mlenv: %s\n' $argv[1] >&2
        return 0
    end

    # Where a marker may lie: here and above, to $MLENV_CEILING or $HOME, never in / or where automounters live.
    function __mlenv_walk
        set -g __mlenv_pwd $PWD
        set -g __mlenv_paths
        set -g __mlenv_near ''
        set -l dir $PWD
        set -l end $HOME
        test -n "$MLENV_CEILING"; and set end $MLENV_CEILING
        while test -n "$dir" -a "$dir" != /
            contains -- $dir /home /net /misc /afs /cvmfs /nfs /Users; and break
            set -a __mlenv_paths "$dir/.mlenv.toml"
            test -n "$__mlenv_near" -o ! -f "$dir/pyproject.toml"; or set -g __mlenv_near $dir
            test "$dir" = "$end"; and break
            set dir (string replace -r '/[^/]*$' '' -- $dir | string collect)
        end
    end

    # All that decides, as one text in __mlenv_key. Of a marker the first 4 KiB, which fish reads byte by byte; the
    # other files are our own, and read at once. A pipe or a directory is not a file.
    function __mlenv_look
        test "$__MLENV_SESSION" = "$__mlenv_known"; or __mlenv_learn
        test "$PWD" = "$__mlenv_pwd"; or __mlenv_walk
        set -g __mlenv_file ''
        for path in $__mlenv_paths
            if test -f $path
                set -g __mlenv_file $path
                break
            end
        end
        set -g __mlenv_text ''
        set -g __mlenv_lost ''
        set -g __mlenv_other ''
        set -l record ''
        set -l consent ''
        test -r "$__mlenv_file"; and read -z -n 4096 -g __mlenv_text <$__mlenv_file
        test -f "$__mlenv_birth" -a -r "$__mlenv_birth"; and read -z -n 128 record <$__mlenv_birth
        if test -f "$__mlenv_answer"
            # Consent to what is active need only be there: a denial takes it away.
            test "$__mlenv_by" = marker -o ! -r "$__mlenv_answer"; or read -z consent <$__mlenv_answer
            set consent "allowed$consent"
        end
        contains -- "$__mlenv_bin" '' $PATH; or set -g __mlenv_lost lost
        # The marker's owner, and whether somebody else's directory lies where the user's own was entered.
        set -l own ''
        test -O "$__mlenv_file"; and set own own
        test -z "$__mlenv_guard" -o -O "$__mlenv_guard" -o ! -d "$__mlenv_guard"; or set -g __mlenv_lost taken
        if set -q VIRTUAL_ENV; and test -n "$VIRTUAL_ENV" -a "$VIRTUAL_ENV" != "$__mlenv_prefix"
            set -g __mlenv_other $VIRTUAL_ENV
        else if set -q CONDA_PREFIX; and test -n "$CONDA_PREFIX" -a "$CONDA_PREFIX" != "$__mlenv_prefix" -a "$CONDA_DEFAULT_ENV" != base
            set -q CONDA_SHLVL; and test "$CONDA_SHLVL" != 0 -a "$CONDA_EXE" != "$CONDA_PREFIX/bin/conda"
            and set -g __mlenv_other $CONDA_PREFIX
        end
        set -g __mlenv_key "$__mlenv_file"\n"$__mlenv_text"\n"$record"\n"$consent"\n"$__mlenv_lost$own$__mlenv_other"\n"$__mlenv_near"
    end

    function __mlenv_hook --on-event fish_prompt --on-variable PWD
        set -l last $status
        status is-command-substitution; and return $last
        if set -q MLENV_HOOK
            test "$MLENV_HOOK" = off; and return $last
            test "$MLENV_HOOK" = cd -a "$PWD" = "$__mlenv_pwd" -a "$__mlenv_seen" != '?'; and return $last
        end
        __mlenv_look
        # A refusal that was kept back, since stderr was no terminal, is told once it is one.
        test "$__mlenv_key" = "$__mlenv_seen"
        and begin
            test -z "$__mlenv_untold"; or not test -t 2
        end
        or __mlenv_change
        return $last
    end

    # Something differs. What was tried is remembered first: it is not tried again before something differs anew.
    function __mlenv_change
        set -l was "$__mlenv_file $__mlenv_text"
        set -g __mlenv_seen $__mlenv_key
        set -g __mlenv_untold ''
        __mlenv_relabel
        if test "$__mlenv_lost" = lost -a -z "$__mlenv_first"; and __mlenv_was_left
            __mlenv_follow
            return
        end
        # What an rc file has put before an env that came with the surroundings goes behind it, once.
        test -n "$__mlenv_lost"; or set -g __mlenv_lost $__mlenv_first
        set -g __mlenv_first ''
        set -l hand $__mlenv_by
        test "$__mlenv_by" = hand -a ! -e "$__mlenv_prefix"; and set -g __mlenv_lost gone
        if test "$__mlenv_by" = hand
            # What the user activated stays until the user leaves it; it is only put back on a PATH that was reset.
            # On top of it conda may have another one.
            test -z "$__mlenv_lost" -o "$__mlenv_lost" = lost -a -n "$__mlenv_other"; or __mlenv_ask
        else if test -n "$__mlenv_other"
            # conda or a venv has something active: it stays.
            __mlenv_undo_other
        else if test -n "$__mlenv_file"
            if not __mlenv_ask --marker $__mlenv_file
                # An env whose own marker cannot be asked about stays; one of another directory does not. What was
                # looked at before counts as decided, since it may have changed while it was asked about.
                test "$__mlenv_by" = marker -a "$__mlenv_file" != "$__mlenv_mark"; or return
                __mlenv_undo
            end
        else if test -n "$__mlenv_known"
            # A session that this shell did not make itself is for the program to read.
            if test "$__mlenv_known" = "$__mlenv_mine"
                __mlenv_undo
            else
                __mlenv_ask; or __mlenv_undo
            end
        end
        __mlenv_offer
        __mlenv_settle
        # Changed while it was asked about, or no more kept out by what was activated by hand: look once more.
        test "$__mlenv_file $__mlenv_text" = "$was"; or set -g __mlenv_seen '?'
        test "$hand" = hand -a -z "$__MLENV_SESSION"; and set -g __mlenv_seen '?'
    end

    # What is now counts as decided.
    function __mlenv_settle
        __mlenv_look
        set -g __mlenv_seen $__mlenv_key
    end

    # Runs the program and evals its answer, if it is a whole one.
    function __mlenv_ask
        __mlenv_find; or return 1
        set -l code (command $__mlenv_exe answer --shell fish --told "$__mlenv_told" --lost "$__mlenv_lost" $argv | string collect)
        set -l failed $pipestatus[1]
        test $failed -gt 2
        and __mlenv_say "no answer about this directory (status $failed); nothing was changed"
        test $failed -eq 0; or return 1
        eval $code
        return 0
    end

    # The program where it was, else on PATH; its absence is said once.
    function __mlenv_find
        test -x $__mlenv_exe; and return 0
        if command -q mlenv
            set -g __mlenv_exe mlenv
            return 0
        end
        test -n "$__mlenv_gone"; or __mlenv_say 'the program is gone: envs are left, but not entered'
        test -t 2; and set -g __mlenv_gone 1
        return 1
    end

    # Not the one that conda will come back to.
    function __mlenv_undo_other
        test "$__mlenv_by" = marker -a "$__mlenv_file" != "$__mlenv_mark"; and not __mlenv_is_below; and __mlenv_undo
    end

    # Leaves the active env with builtins alone: by the text that the program gave on entering, if it is for this
    # session, else by decoding the session.
    function __mlenv_undo
        if test -n "$__mlenv_back" -a -n "$__MLENV_SESSION" -a "$__MLENV_SESSION" = "$__mlenv_mine"
            eval $__mlenv_back
            __mlenv_end
        else
            __mlenv_decode_and_undo
        end
    end

    # What ends each leaving.
    function __mlenv_end
        __mlenv_unprompt
        set -eg __MLENV_SESSION
        set -g __mlenv_mine ''
        set -g __mlenv_back ''
        __mlenv_learn
        __mlenv_offer
    end

    # What others have wrapped stays, and shows nothing.
    function __mlenv_unprompt
        if set -q __mlenv_prompt; and string match -q '*__mlenv_fish_prompt_*' -- (functions fish_prompt)
            functions -e fish_prompt
            functions -c __mlenv_fish_prompt_$__mlenv_wrap fish_prompt
            functions -e __mlenv_fish_prompt_$__mlenv_wrap
        end
        set -eg __mlenv_prompt
    end

    # Takes the directory $argv[2] out of the list $argv[1], once; a list that had nothing else is unset.
    function __mlenv_drop
        set -l name $argv[1]
        set -l entries (string split : -- "$$name")
        set -l at (contains -i -- $argv[2] $entries); or return 0
        set -e entries[$at]
        if test (count $entries) -eq 0
            set -eg $name
        else
            set -gx $name (string join : -- $entries)
        end
    end

end
