package exchange

import (
	"strings"

	"zhucan/internal/idnum"
)

// columns are put together from what many lists have in common.
type columns []ListColumn

func words(text string) []string { return strings.Fields(text) }

// choice reads pairs of a code and the words that mean it.
func choice(pairs ...string) map[string]string {
	m := map[string]string{}
	for i := 0; i < len(pairs); i += 2 {
		for _, word := range words(pairs[i+1]) {
			m[idnum.Normalize(word)] = pairs[i]
		}
	}
	return m
}

var (
	yesNo        = choice("yes", "是 有 Y 1 TRUE 已 √", "no", "否 无 N 0 FALSE 未 ×")
	inPayment    = choice("active", "正常 在保 享受 享受中 在享 正常享受 正常发放 新增 续保 保障中 供养中 在供养 正常供养 领取中", "suspended", "暂停 缓发 暂停发放 停保暂停", "ended", "停发 停保 已停保 退保 退出 终止 取消 注销 已停发 死亡停保")
	acceptance   = choice("pass", "合格 通过 是 已验收 验收合格 验收通过", "rectify", "整改 需整改 限期整改 待整改", "fail", "不合格 未通过 否 未验收 验收不合格")
	dibaoSorts   = choice("household", "家庭 家庭保 家庭低保 整户 整户保 户保 按户保", "single", "单人保 单人户 单人 单人低保 单人单保 重残单人保")
	childSorts   = choice("orphan", "孤儿 社会散居孤儿 散居孤儿 机构养育孤儿 集中养育孤儿 机构孤儿", "defacto", "事实无人抚养儿童 事实无人抚养 事无儿童 事实孤儿")
	schoolStates = choice("regular", "普通学校 随班就读 普通学校随班就读 普通班 在读 在校 正常 在籍在校", "special_class", "特教班 普校特教班 普通学校特教班", "special_school", "特教学校 特殊教育学校 特校 就读特校",
		"home_teaching", "送教上门 送教", "finished", "已毕业 毕业 初中毕业 已毕业(初中)", "deferred", "缓学 延缓入学 免缓学", "rehab_or_kindergarten", "康复机构 幼儿园 康复机构/幼儿园 在康复机构 学前", "not_enrolled", "未入学 未就学 失学 辍学",
		"lost", "失联 无法联系 查无此人", "elsewhere", "外地就读 外地 外省就读 市外就读")
	poverty         = choice("yes", "未脱贫 在册 贫困 返贫 否", "exited", "脱贫 已脱贫 稳定脱贫 正常脱贫 脱贫户 已脱贫(享受政策) 脱贫享受政策 脱贫不享受政策 是", "removed", "剔除 清退 清除 识别不准 错评 自然减少")
	conversions     = choice("rebuilt", "重建 新建 翻建 拆除重建 原址重建 翻建新建", "repaired", "修缮 加固 维修加固 修缮加固 维修 加固改造", "moved", "搬迁 易地搬迁 异地安置 购房 购置 置换 集中安置 易地扶贫搬迁 已购房")
	rehabSorts      = choice("surgery", "手术 康复手术", "medication", "药物 服药 药物治疗 住院", "training", "功能训练 康复训练 训练", "device", "辅助器具 辅具 辅具适配", "nursing", "护理 护理/支持性服务 支持性服务 护理支持 护理及支持性服务")
	deviceModes     = choice("grant", "配发 实物配发 免费配发 实物 发放 赠送", "subsidy", "补贴 货币补贴 购买补贴", "loan", "租借 借用 租赁 出借", "self_buy", "自购 自购报销 自行购买 自购补贴")
	moves           = choice("in", "迁入 市外迁入 区外迁入 省外迁入", "out", "迁出 迁往市外 区外迁出 迁往区外 迁往省外", "within", "区内迁移 区内移居 移居 本区内迁移 辖区内迁移")
	pensionSchemes  = choice("resident", "居民 城乡居民 居民养老 居民养老保险 城乡居民养老保险 城乡居民基本养老保险 城居保", "employee", "职工 企业职工 职工养老 职工养老保险 城镇职工 企业职工基本养老保险 企业职工养老保险 城镇职工基本养老保险 灵活就业", "civil_servant", "机关事业 机关事业单位 机关事业养老 机关事业单位养老保险 机关事业单位基本养老保险")
	medicalSchemes  = choice("resident", "居民 城乡居民 居民医保 城乡居民医保 居民医疗保险 城乡居民医疗保险 城乡居民基本医疗保险 居民基本医疗保险", "employee", "职工 职工医保 城镇职工 职工医疗保险 城镇职工医疗保险 职工基本医疗保险 城镇职工基本医疗保险 灵活就业")
	insuranceStates = choice("contributing", "正常参保 缴费 正常缴费 参保缴费 已缴费 参保 正常 参保中", "government_paid", "政府代缴 代缴 财政代缴 资助参保", "drawing", "领取待遇 待遇领取 领取 享受待遇 待遇享受 退休 在领", "suspended", "中断 暂停 停保 暂停参保 中断缴费 暂停缴费 欠费", "ended", "终止 注销 退保 终止参保")
	cardStates      = choice("ACTIVE", "正常 有效 解冻 已解冻", "FROZEN", "冻结 已冻结", "CANCELLED", "注销 已注销 强制注销 自动注销", "EXPIRED", "过期 到期 期满 期满未换", "REASSESSING", "换发中 核发中 办理中 变更中", "MIGRATING", "迁移中 迁移", "REPLACED", "已换证 旧证 已补办")
	cancelReasons   = choice("DEATH", "死亡 去世", "RECOVERED", "康复 不符合标准 不符合残疾标准 残疾状况改变", "VOLUNTARY", "自愿注销 自愿 本人申请", "EXPIRED_6M", "到期未换 期满未换 逾期未换证 冻结逾期 过期未换证", "MOVED_1Y", "迁出未迁证 户籍迁移 户口迁移未迁证 户籍迁出",
		"FRAUD", "骗取 弄虚作假 虚假", "DUPLICATE", "重复办证 重复")
)

var (
	townColumn    = ListColumn{Name: "town", ZH: "镇街", Aliases: words("街镇 镇办 乡镇 街道 镇街道 户籍街道 户籍镇街 所属镇街 所属街道 乡镇街道 街道镇 所在镇街 户籍街镇 所属乡镇")}
	villageColumn = ListColumn{Name: "village", ZH: "村居", Aliases: words("村社区 社区 村 行政村 所属村居 户籍村居 所在村居 村居名称 社区村居 所属社区 村居委会 户籍村居社区")}
	areaColumn    = ListColumn{Name: "area", ZH: "村居", Aliases: append([]string{"区划代码"}, villageColumn.Aliases...), Is: Place, Town: "town"}
	addressColumn = ListColumn{Name: "address", ZH: "住址", Aliases: words("地址 家庭住址 详细住址 家庭地址 户籍地址 现住址 居住地址 详细地址 户籍地")}
	phoneColumn   = ListColumn{Name: "phone", ZH: "联系电话", Aliases: words("电话 手机 手机号 手机号码 联系方式 电话号码 联系号码"), Is: Phone}
	accountColumn = ListColumn{Name: "account", ZH: "银行账号", Aliases: words("账号 银行卡号 卡号 一卡通账号 社保卡账号 发放账号 开户账号 银行帐号 帐号"), Is: Account}
	noteColumn    = ListColumn{Name: "note", ZH: "备注", Aliases: words("备注说明 说明")}
	idAliases     = words("身份证号码 身份证 证件号 证件号码 公民身份号码 公民身份证号码 公民身份证号 居民身份证号 居民身份证号码 身份证件号码 身份证件号 身份号码 ID IDNUMBER IDCARD 身份证明号码")
	cardAliases   = words("残疾证号码 残疾人证号 残疾人证号码 残疾证 残疾人证 残疾证编号 残疾人证编号 证号")
)

// person is how a list says whom a row is about, with words that may stand before 姓名 and 身份证号 in its headings. Without a
// number a row has to have a birth date or the guardian's number; then it says whom it may mean.
func person(roles ...string) columns {
	id := ListColumn{Name: "id", ZH: "身份证号", Aliases: append([]string{}, idAliases...), Need: true, Or: "birth guardian_id", Is: IDNumber}
	name := ListColumn{Name: "name", ZH: "姓名", Aliases: words("名字 人员姓名"), Need: true, Is: PersonName}
	for _, role := range append([]string{"本人", "残疾人"}, roles...) {
		id.Aliases = append(id.Aliases, role+"身份证号", role+"身份证号码", role+"证件号码", role+"证件号", role+"公民身份号码", role+"身份证")
		name.Aliases = append(name.Aliases, role+"姓名")
	}
	birth := ListColumn{Name: "birth", ZH: "出生日期", Aliases: words("出生年月日 出生年月 出生时间 生日"), Is: Day, Past: true}
	guardian := ListColumn{Name: "guardian_id", ZH: "监护人身份证号", Aliases: words("监护人身份证号码 监护人证件号码 监护人证件号 监护人身份证 抚养人身份证号 抚养人身份证号码"), Is: IDNumber}
	return columns{name, id, birth, guardian}
}

// holder is a person whom the federation's lists often know by the certificate alone, which has the ID number in it.
func holder(roles ...string) columns {
	list := person(roles...)
	list[1].Or += " certificate"
	return list.with(ListColumn{Name: "certificate", ZH: "残疾证号", Aliases: cardAliases, Is: CertificateNumber})
}

func sortOf(words map[string]string, zh string, others ...string) ListColumn {
	return ListColumn{Name: "sort", ZH: zh, Aliases: others, Is: Choice, Words: words}
}

func (c ListColumn) needed() ListColumn {
	c.Need = true
	return c
}

func (c ListColumn) also(aliases ...string) ListColumn {
	c.Aliases = append(aliases, c.Aliases...)
	return c
}

func (c columns) with(more ...ListColumn) columns { return append(c[:len(c):len(c)], more...) }

// place is where people live, for the eye: the register knows it better.
func (c columns) place() columns {
	note := noteColumn
	note.Aside = true
	return c.with(townColumn, villageColumn, addressColumn, phoneColumn, note)
}

// served is place for a list of services: its note is kept with the service.
func (c columns) served() columns {
	return c.with(townColumn, villageColumn, addressColumn, phoneColumn, noteColumn)
}

// allowance is money each month from a day on.
func (c columns) allowance(names ...string) columns {
	return c.with(
		ListColumn{Name: "monthly", ZH: "月补助金额", Aliases: append(names, words("补助金额 保障金额 金额 月标准 救助金额 发放金额 月发放金额 月补贴金额 补贴金额 补助标准 月补助标准 补助金")...), Is: Yuan},
		ListColumn{Name: "from", ZH: "起始日期", Aliases: words("享受起始日期 享受开始日期 开始日期 批准日期 审批日期 纳入日期 纳入时间 享受时间 起始时间 救助开始时间 享受起始时间 批准时间 审批时间 认定日期 认定时间 享受开始时间 起始月份 享受起始月 批准年月 救助起始日期 核定日期"), Is: FirstDay},
		ListColumn{Name: "to", ZH: "终止日期", Aliases: words("停发日期 退出日期 停保日期 截止日期 结束日期 停发时间 退出时间 停保时间 终止时间 截止时间 有效期至 停止日期"), Is: LastDay},
		ListColumn{Name: "status", ZH: "享受状态", Aliases: words("状态 保障状态 救助状态 发放状态 当前状态 供养状态 待遇状态"), Is: Choice, Words: inPayment}, accountColumn).place()
}

// children is a list of orphans or of children whom nobody raises in fact; a column may tell the two apart.
func children(sort string) columns {
	which := sortOf(childSorts, "儿童类别", "儿童类型", "类别", "类型", "保障类型", "孤儿类型", "对象类别")
	which.Default = sort
	return person("儿童", "孤儿", "保障对象").with(which,
		ListColumn{Name: "keeper", ZH: "监护人姓名", Aliases: words("监护人 抚养人 抚养人姓名 实际抚养人"), Is: PersonName},
		ListColumn{Name: "institution", ZH: "养育机构", Aliases: words("机构名称 所在机构 儿童福利机构")}).allowance("基本生活费", "月生活费", "生活费标准")
}

func insurance(schemes map[string]string) columns {
	return person("参保人", "参保人员").with(sortOf(schemes, "险种", "险种类型", "参保险种", "保险类型", "险种名称", "参保类型", "险种类别").needed(),
		ListColumn{Name: "status", ZH: "参保状态", Aliases: words("缴费状态 人员状态 状态 待遇状态 参保缴费状态"), Is: Choice, Words: insuranceStates},
		ListColumn{Name: "year", ZH: "参保年度", Aliases: words("缴费年度 年度 所属年度 缴费年份 参保年份"), Is: YearOf},
		ListColumn{Name: "government_paid", ZH: "是否政府代缴", Aliases: words("代缴 政府代缴 是否代缴 财政代缴 是否资助参保 是否享受代缴"), Is: Choice, Words: yesNo},
		ListColumn{Name: "amount", ZH: "缴费金额", Aliases: words("缴费档次 个人缴费 缴费标准 代缴金额 金额"), Is: Yuan},
		ListColumn{Name: "from", ZH: "参保日期", Aliases: words("参保时间 首次参保日期 参保开始日期 参保起始日期 开始日期"), Is: FirstDay}, ListColumn{Name: "to", ZH: "终止日期", Aliases: words("停保日期 终止时间 停保时间 注销日期 结束日期"), Is: LastDay}).place()
}
