exec 3>&1 >/dev/null
__mlenv_list=("$@")
set --
__mlenv_tell() {
  [[ ${BASHPID-$$} == "$$" ]] || exit
  trap - EXIT
  { : >&3; } 2>/dev/null || exec 3>&10
  command -p env -0 >&3
  exit 0
}
trap __mlenv_tell EXIT
for ((__mlenv_at = 0; __mlenv_at < ${#__mlenv_list[@]}; __mlenv_at += 2)); do
  __mlenv_outer=${CONDA_PREFIX-}
  [[ -z ${__mlenv_list[__mlenv_at + 1]} ]] || CONDA_PREFIX=${__mlenv_list[__mlenv_at + 1]}
  [[ ! -r ${__mlenv_list[__mlenv_at]} ]] || . "${__mlenv_list[__mlenv_at]}" 3>&-
  [[ -z ${__mlenv_list[__mlenv_at + 1]} ]] || CONDA_PREFIX=$__mlenv_outer
done
__mlenv_tell
