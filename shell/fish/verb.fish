# The `mlenv` command of a hooked fish. Follows hook.fish.

if status is-interactive

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
        else if test "$verb" = vars; and not contains -- "$argv[2]" set unset
            command $__mlenv_exe $argv
            return
        else if not contains -- "$verb" activate deactivate create vars; or test "$argv[1]" != "$verb"
            command $__mlenv_exe $argv
            return
        end
        set -l code (command $__mlenv_exe $verb --shell fish --hooked $argv[2..-1] | string collect)
        set -l failed $pipestatus[1]
        test $failed -eq 0; or return $failed
        test -n "$code"; and eval $code
        __mlenv_offer
        # What a marker says here counts as decided, but for another env than one left that was activated by hand.
        if test $verb = deactivate -a "$hand" = hand -a -z "$__mlenv_same"
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
