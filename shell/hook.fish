# mlenv's hook for fish 3.1 and later:  mlenv hook fish | source
#
# The same decisions as in hook.bash, which explains them. fish runs its builtins without forking, also in pipes.

if status is-interactive

    set -g __mlenv_exe ::MLENV::
    set -g __mlenv_known ''
    set -g __mlenv_mine ''
    set -g __mlenv_by ''
    set -g __mlenv_mark ''
    set -g __mlenv_env ''
    set -g __mlenv_bin ''
    set -g __mlenv_pwd ''
    set -g __mlenv_paths
    set -g __mlenv_answer ''
    set -g __mlenv_back ''
    set -q __mlenv_told; or set -g __mlenv_told ''
    set -g __mlenv_file ''
    set -g __mlenv_gone ''
    set -g __mlenv_lost ''
    set -g __mlenv_other ''
    set -g __mlenv_marker ''
    set -g __mlenv_key ''
    set -g __mlenv_seen \n\n\n\n\n
    # An env that came with the surroundings is looked at once, whatever lies here.
    test -n "$__MLENV_SESSION"; and set -g __mlenv_seen '?'

    function __mlenv_say
        test -t 2; and builtin printf 'mlenv: %s\n' $argv[1] >&2
        return 0
    end

    # Bytes of a session's text, into the variable $argv[1]. Only printf's own escapes are left after the check.
    function __mlenv_decode --no-scope-shadowing
        string match -qr '^[A-Za-z0-9_./+@,%-]*$' -- $argv[2]; or return 1
        set $argv[1] ''
        test -n "$argv[2]"; and builtin printf '%b' (string replace -a % '\\x' -- $argv[2]) | read -z $argv[1]
        return 0
    end

    function __mlenv_learn
        set -g __mlenv_known "$__MLENV_SESSION"
        set -g __mlenv_by ''
        set -g __mlenv_mark ''
        set -g __mlenv_env ''
        set -g __mlenv_bin ''
        for item in (string split ' ' -- $__mlenv_known)
            switch $item
                case 'o:'
                    set -g __mlenv_by hand
                case 'o:*'
                    set -g __mlenv_by marker
                    __mlenv_decode __mlenv_mark (string sub -s 3 -- $item)
                case 'e:*'
                    __mlenv_decode __mlenv_env (string sub -s 3 -- $item)
                case 'p:PATH:*'
                    test -n "$__mlenv_bin"; or __mlenv_decode __mlenv_bin (string sub -s 8 -- $item)
            end
        end
    end

    # Where a marker may lie: here and above, to $MLENV_CEILING or $HOME, never in / or where automounters live.
    function __mlenv_walk
        set -g __mlenv_pwd $PWD
        set -g __mlenv_paths
        set -l dir $PWD
        set -l end $HOME
        test -n "$MLENV_CEILING"; and set end $MLENV_CEILING
        while test -n "$dir" -a "$dir" != /
            contains -- $dir /home /net /misc /afs /cvmfs /nfs /Users; and break
            set -a __mlenv_paths "$dir/.mlenv.toml"
            test "$dir" = "$end"; and break
            set dir (string replace -r '/[^/]*$' '' -- $dir | string collect)
        end
    end

    # All that decides, as one text in __mlenv_key. Of each file the first 4 KiB; a pipe or a directory is no file.
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
        set -l text ''
        set -l record ''
        set -l consent ''
        set -g __mlenv_lost ''
        set -g __mlenv_other ''
        test -r "$__mlenv_file"; and read -z -n 4096 text <$__mlenv_file
        if test -n "$__mlenv_env"
            test -f "$__mlenv_env/mlenv.toml" -a -r "$__mlenv_env/mlenv.toml"
            and read -z -n 4096 record <"$__mlenv_env/mlenv.toml"
        end
        test -f "$__mlenv_answer" -a -r "$__mlenv_answer"; and read -z -n 4096 consent <$__mlenv_answer
        test -n "$__mlenv_bin"; and not contains -- $__mlenv_bin $PATH; and set -g __mlenv_lost lost
        if set -q VIRTUAL_ENV; and test -n "$VIRTUAL_ENV" -a "$VIRTUAL_ENV" != "$__mlenv_env"
            set -g __mlenv_other $VIRTUAL_ENV
        else if set -q CONDA_PREFIX; and test -n "$CONDA_PREFIX" -a "$CONDA_PREFIX" != "$__mlenv_env" -a "$CONDA_DEFAULT_ENV" != base
            set -q CONDA_SHLVL; and test "$CONDA_SHLVL" != 0 -a "$CONDA_EXE" != "$CONDA_PREFIX/bin/conda"
            and set -g __mlenv_other $CONDA_PREFIX
        end
        set -g __mlenv_marker "$__mlenv_file"\n"$text"
        set -g __mlenv_key "$__mlenv_marker"\n"$record"\n"$consent"\n"$__mlenv_lost"\n"$__mlenv_other"
    end

    function __mlenv_hook --on-event fish_prompt --on-variable PWD
        set -l last $status
        status is-command-substitution; and return $last
        if set -q MLENV_HOOK
            test "$MLENV_HOOK" = off; and return $last
            test "$MLENV_HOOK" = cd -a "$PWD" = "$__mlenv_pwd" -a "$__mlenv_seen" != '?'; and return $last
        end
        __mlenv_look
        test "$__mlenv_key" = "$__mlenv_seen"; or __mlenv_change
        return $last
    end

    # Something differs. What was tried is remembered first: it is not tried again before something differs anew.
    function __mlenv_change
        set -l was $__mlenv_marker
        set -g __mlenv_seen $__mlenv_key
        if test "$__mlenv_by" = hand
            # What the user activated stays until the user leaves it; it is only put back on a PATH that was reset.
            test -n "$__mlenv_lost"; and __mlenv_ask
        else if test -n "$__mlenv_other"
            # conda or a venv has something active: it stays.
            __mlenv_undo_other
        else if test -n "$__mlenv_file"
            # An env whose own marker cannot be asked about stays; one of another directory does not.
            __mlenv_ask --marker $__mlenv_file; or __mlenv_undo_other
        else if test -n "$__mlenv_known"
            # A session that this shell did not make itself is for the program to read.
            if test "$__mlenv_known" = "$__mlenv_mine"
                __mlenv_undo
            else
                __mlenv_ask; or __mlenv_undo
            end
        end
        __mlenv_settle
        # Changed while it was asked about: look once more.
        test "$__mlenv_marker" = "$was"; or set -g __mlenv_seen '?'
    end

    # What is now counts as decided.
    function __mlenv_settle
        __mlenv_look
        set -g __mlenv_seen $__mlenv_key
    end

    # Runs the program and evals its answer, if it is a whole one.
    function __mlenv_ask
        __mlenv_find; or return 1
        set -l code (command $__mlenv_exe answer --shell fish --told "$__mlenv_told" $argv | string collect)
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
        set -g __mlenv_gone 1
        return 1
    end

    function __mlenv_undo_other
        test "$__mlenv_by" = marker -a "$__mlenv_file" != "$__mlenv_mark"; and __mlenv_undo
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
        set -g __mlenv_back ''
        __mlenv_learn
    end

    # Nothing is touched unless all of it can be read.
    function __mlenv_decode_and_undo
        set -l items (string split ' ' -- $__MLENV_SESSION)
        if test "$items[1]" != 1
            __mlenv_say 'this shell\'s session was written by another version of mlenv: start a new shell'
            return 1
        end
        set -e items[1]
        set -l intact 1
        for item in $items
            if not __mlenv_is_item $item
                __mlenv_say 'this shell\'s session is damaged: start a new shell'
                return 1
            end
            switch $item
                case 'v:CONDA_PREFIX:*' 'v:VIRTUAL_ENV:*'
                    __mlenv_is_ours $item; or set intact ''
            end
        end
        for item in $items
            string match -q 'p:*' -- $item; and __mlenv_take_out $item
        end
        # Scripts run only where this shell itself entered, and not where somebody else has left already.
        if test -n "$intact" -a "$__MLENV_SESSION" = "$__mlenv_mine"
            for item in $items
                string match -q 'd:*' -- $item; or continue
                __mlenv_decode item (string sub -s 3 -- $item)
                test -f $item; and source $item
            end
        end
        for item in $items[-1..1]
            string match -q 'v:*' -- $item; and __mlenv_is_ours $item; or continue
            set -l parts (string split : -- $item)
            if test $parts[4] = '!'
                set -eg $parts[2]
            else
                set -l old
                __mlenv_decode old (string sub -s 2 -- $parts[4])
                set -gx $parts[2] $old
            end
        end
        __mlenv_end
    end

    function __mlenv_unprompt
        if functions -q __mlenv_fish_prompt
            if string match -q '*__mlenv_fish_prompt*' -- (functions fish_prompt | string collect)
                functions -e fish_prompt
                functions -c __mlenv_fish_prompt fish_prompt
            end
            functions -e __mlenv_fish_prompt __mlenv_status
        end
        set -eg __mlenv_prompt
    end

    # True for an item that keeps the session's rules, so that a damaged one changes and runs nothing.
    function __mlenv_is_item
        set -l code '[A-Za-z0-9_./+@,%-]*'
        string match -qr "^(o:(/$code)?|e:/$code|d:/$code/etc/conda/deactivate\.d/$code)\$" -- $argv[1]; and return 0
        string match -qr "^(v:[A-Za-z_][A-Za-z0-9_]*:(!|=$code):(!|=$code)|p:[A-Za-z_][A-Za-z0-9_]*:/$code)\$" -- $argv[1]
        or return 1
        set -l name (string split : -- $argv[1])[2]
        string match -q '__mlenv*' -- $name; and return 1
        string match -q '*_functions' -- $name; and return 1
        string match -q 'v:PATH:*' -- $argv[1]; and return 1
        contains -- $name _ argv history status pipestatus version umask PWD SHLVL IFS CDPATH hostname USER EUID fish_pid
        and return 1
        return 0
    end

    # True while the variable of `v:NAME:new:old` has the value that it was given.
    function __mlenv_is_ours
        set -l parts (string split : -- $argv[1])
        if test $parts[3] = '!'
            not set -q $parts[2]
        else
            set -l new
            __mlenv_decode new (string sub -s 2 -- $parts[3])
            # A list such as JUPYTER_PATH is joined as it is exported.
            set -q $parts[2]; and test "$$parts[2]" = "$new"
        end
    end

    # Takes the directory of `p:NAME:dir` out of the list NAME.
    function __mlenv_take_out
        set -l parts (string split : -- $argv[1])
        set -l dir
        __mlenv_decode dir $parts[3]
        __mlenv_drop $parts[2] $dir
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

    # The verbs that change this shell are evaluated in it; all others are the program itself.
    function mlenv
        set -l verb ''
        set -l hand $__mlenv_by
        for word in $argv
            switch $word
                case -h --help -V --version --json --shell '--shell=*'
                    set verb plain
                    break
                case '-*'
                case '*'
                    test -n "$verb"; or set verb $word
            end
        end
        if test "$argv[1]" = status
            command $__mlenv_exe status --hook (__mlenv_health) $argv[2..-1]
            return
        else if not contains -- "$verb" activate deactivate create; or test "$argv[1]" != "$verb"
            command $__mlenv_exe $argv
            return
        end
        set -l code (command $__mlenv_exe $argv --shell fish | string collect)
        set -l failed $pipestatus[1]
        test $failed -eq 0; or return $failed
        test -n "$code"; and eval $code
        set -g __mlenv_mine "$__MLENV_SESSION"
        # What a marker says here counts as decided, but for an env left that was activated by hand.
        if test $verb = deactivate -a "$hand" = hand
            set -g __mlenv_seen '?'
        else
            __mlenv_settle
        end
        return 0
    end

    function __mlenv_health
        functions -q __mlenv_hook; and echo fish,prompt,cd; or echo fish
    end
end
