package web

// showPassword is the form of one's own password. What was entered is never sent back.
func showPassword(v *visit) (any, error) {
	return oneForm{v.newForm("change", "password.change", &Field{Name: "current_password", Label: v.t("password.current"), Kind: "password", Need: true, Auto: "current-password", Max: 128},
		&Field{Name: "new_password", Label: v.t("password.new"), Hint: v.t("password.new.hint"), Kind: "password", Need: true, Auto: "new-password", Max: 128},
		&Field{Name: "again_password", Label: v.t("password.again"), Kind: "password", Need: true, Auto: "new-password", Max: 128})}, nil
}

// changePassword changes one's own password; every other session of the account ends, in browsers and of programs.
func changePassword(v *visit) (string, error) {
	r := v.reader()
	current, next, again := r.text("current_password", 128, true), r.text("new_password", 128, true), r.text("again_password", 128, true)
	if next != again && next != "" && again != "" {
		r.wrong("again_password", "DIFFERENT", "两次输入的新密码不一致", "the new password was not written the same twice")
	}
	if err := r.err(); err != nil {
		return "", err
	}
	return "/?done=password_changed", v.stillKnown(v.desk.ChangePassword(v.ctx, v.who, current, next))
}
