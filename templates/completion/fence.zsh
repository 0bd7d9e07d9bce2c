#compdef fence
# zsh completion for fence. (Q) takes quotes off the words; nothing in them is evaluated.
_fence() {
    local -a lines described
    local line tab=$'\t'
    lines=("${(@f)$(fence complete -- "${(@Q)words[2,CURRENT]}" 2>/dev/null)}")
    if [[ ${lines[1]} == :files ]]; then
        _files
        return
    fi
    for line in "${lines[@]}"; do
        [[ -n $line ]] && described+=("${${line%%$tab*}//:/\\:}:${line#*$tab}")
    done
    _describe fence described
}
# From a folder of functions it is loaded by its first use.
if [[ ${funcstack[1]} == _fence ]]; then
    _fence "$@"
else
    compdef _fence fence
fi
