# fish completion for fence. The words go to fence as they are typed: nothing in them is evaluated.
function __fence_complete
    set -l words (commandline -opc)
    set -l lines (fence complete -- $words[2..-1] (commandline -ct) 2>/dev/null)
    if test "$lines[1]" = :files
        __fish_complete_path (commandline -ct)
    else
        printf '%s\n' $lines
    end
end
complete -c fence -f -a '(__fence_complete)'
