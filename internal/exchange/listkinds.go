package exchange

import "slices"

// ListKind is one kind of list that another department sends. Here it is only read; casework makes facts of what it says, and asks an
// officer first where somebody would lose by it.
type ListKind struct {
	Name    string
	ZH, EN  string
	Partner string // one of Partners
	// Complete says that the list claims to hold everybody: who is not in it is not so. Of the others absence says nothing.
	Complete bool
	Columns  []ListColumn
}

// ColumnType is how the cells of a column are read.
type ColumnType int

// The types of columns.
const (
	Plain             ColumnType = iota // a short text, as it stands
	IDNumber                            // a resident ID number
	CertificateNumber                   // a certificate number of 20 characters
	PersonName
	Day
	FirstDay // a day, or a month that begins with it
	LastDay  // a day, or a month that ends with it
	MonthOf
	YearOf
	Yuan
	Place // a village by its code, or by town and name
	Choice
	Phone
	Account
)

// ListColumn is one column of a list. Headings are recognised by ZH and the aliases, without blanks, brackets and signs.
type ListColumn struct {
	Name    string
	ZH      string
	Aliases []string
	Need    bool   // heading and cell have to be there
	Or      string // where they need not: with one of the columns of these names
	Is      ColumnType
	Words   map[string]string // of a choice: what lists write, and the code of it
	Default string            // of a choice: the code where column or cell are missing
	Town    string            // of a place: the column with the town, for names that several villages have
	Past    bool              // a day after today is a mistake
	Aside   bool              // nothing of it is kept, so it may say what no text may, and is left out then: the number of a pupil (学籍号) has his ID number in it
}

// Partners are the departments, under the names of now; names are data.
var Partners = map[string]struct{ ZH, EN string }{
	"public_security": {"公安", "public security"}, "civil_affairs": {"民政", "civil affairs"}, "cdpf": {"残联", "disabled persons' federation"},
	"human_resources": {"人社", "human resources and social security"}, "medical_security": {"医保", "medical security"},
	"rural_revitalisation": {"乡村振兴（原扶贫）", "rural revitalisation"}, "education": {"教育", "education"}, "housing": {"住建", "housing"},
	"justice": {"法院、司法", "courts and justice"},
}

// ListKinds lists every kind of list. To add one, add an entry and, where its facts are new, a line to casefile.Kinds.
// The codes of choices are the sorts of those facts.
var ListKinds = []ListKind{
	{Name: "dibao", ZH: "低保名单", EN: "recipients of the subsistence allowance", Partner: "civil_affairs", Complete: true,
		Columns: person("保障对象", "低保对象", "家庭成员", "成员").with(sortOf(dibaoSorts, "救助类型", "保障类型", "低保类型", "保障方式"),
			ListColumn{Name: "class", ZH: "类别", Aliases: words("低保类别 保障类别 分类 分类施保类别"), Is: Choice, Words: choice("A", "A A类 一类", "B", "B B类 二类", "C", "C C类 三类")},
			ListColumn{Name: "case_no", ZH: "低保证号", Aliases: words("低保证编号 救助证号 证书编号 低保编号 保障证号 户编号"), Aside: true},
			ListColumn{Name: "holder", ZH: "户主姓名", Aliases: words("户主 申请人姓名 申请人"), Is: PersonName},
			ListColumn{Name: "holder_id", ZH: "户主身份证号", Aliases: words("户主身份证号码 户主证件号码 申请人身份证号 申请人身份证号码"), Is: IDNumber},
			ListColumn{Name: "relation", ZH: "与户主关系", Aliases: words("家庭关系 与申请人关系 成员关系")}).allowance("低保金", "保障金", "户月保障金额", "月保障金额", "人均补差")},
	{Name: "dibao_edge", ZH: "低保边缘家庭名单", EN: "families at the edge of the allowance", Partner: "civil_affairs", Complete: true,
		Columns: person("家庭成员", "成员").with(ListColumn{Name: "case_no", ZH: "认定编号", Aliases: words("边缘证号 证书编号 救助证号"), Aside: true},
			ListColumn{Name: "holder", ZH: "户主姓名", Aliases: words("户主 申请人姓名 申请人"), Is: PersonName},
			ListColumn{Name: "income", ZH: "人均月收入", Aliases: words("家庭人均月收入 月人均收入 人均收入"), Is: Yuan}).allowance()},
	{Name: "tekun", ZH: "特困供养人员名单", EN: "persons in extremely-poor support", Partner: "civil_affairs", Complete: true,
		Columns: person("特困人员", "供养人员", "供养对象", "保障对象").with(sortOf(choice("dispersed", "分散 分散供养 散居 居家供养", "institution", "集中 集中供养 机构供养 院内供养"), "供养方式", "供养类型", "供养形式"),
			ListColumn{Name: "institution", ZH: "供养机构", Aliases: words("供养机构名称 敬老院 机构名称")},
			ListColumn{Name: "self_care", ZH: "自理能力", Aliases: words("生活自理能力 自理能力等级"), Is: Choice, Words: choice("full", "全自理 自理 完全自理 有自理能力", "part", "半自理 半护理 部分丧失 部分丧失生活自理能力", "none", "全护理 完全丧失 失能 不能自理 完全丧失生活自理能力")},
			ListColumn{Name: "case_no", ZH: "特困证号", Aliases: words("供养证号 救助供养证号 证书编号"), Aside: true}).allowance("供养金", "供养标准", "月供养标准")},
	{Name: "orphan", ZH: "孤儿名单", EN: "orphans on the allowance", Partner: "civil_affairs", Complete: true, Columns: children("orphan")},
	{Name: "defacto", ZH: "事实无人抚养儿童名单", EN: "children whom nobody raises in fact", Partner: "civil_affairs", Complete: true, Columns: children("defacto")},
	{Name: "deaths", ZH: "公安死亡注销名单", EN: "deaths by the police register", Partner: "public_security",
		Columns: person("死者", "死亡人员", "逝者", "死亡人").with(ListColumn{Name: "died_on", ZH: "死亡日期", Aliases: words("死亡时间 去世日期 去世时间 死亡年月日"), Need: true, Is: Day, Past: true},
			ListColumn{Name: "registered_on", ZH: "注销日期", Aliases: words("户口注销日期 死亡注销日期 户籍注销日期 销户日期 注销时间 注销户口日期"), Is: Day, Past: true},
			ListColumn{Name: "cause", ZH: "死亡原因", Aliases: words("死因 注销原因")}).place()},
	{Name: "cremations", ZH: "火化名单", EN: "cremations", Partner: "civil_affairs",
		Columns: person("死者", "死亡人员", "逝者", "火化人员").with(ListColumn{Name: "cremated_on", ZH: "火化日期", Aliases: words("火化时间 火化年月日"), Need: true, Is: Day, Past: true},
			ListColumn{Name: "died_on", ZH: "死亡日期", Aliases: words("死亡时间 去世日期 去世时间"), Is: Day, Past: true},
			ListColumn{Name: "document", ZH: "火化证号", Aliases: words("火化证编号 火化证明编号 火化证明号"), Aside: true}, ListColumn{Name: "hall", ZH: "殡仪馆", Aliases: words("火化单位 殡仪馆名称")}).place()},
	{Name: "pension", ZH: "养老保险参保名单", EN: "status in pension insurance", Partner: "human_resources", Complete: true, Columns: insurance(pensionSchemes).with(
		ListColumn{Name: "drawing_since", ZH: "领取待遇开始年月", Aliases: words("待遇领取开始年月 领取待遇时间 待遇开始年月 待遇领取起始年月 领取起始年月 享受待遇开始年月"), Is: MonthOf})},
	{Name: "medical", ZH: "医疗保险参保名单", EN: "status in medical insurance", Partner: "medical_security", Complete: true, Columns: insurance(medicalSchemes)},
	{Name: "injury_fee", ZH: "工伤生活护理费名单", EN: "recipients of the work-injury nursing fee", Partner: "human_resources", Complete: true,
		Columns: person("工伤职工", "职工", "工伤人员").with(ListColumn{Name: "dependence", ZH: "护理等级", Aliases: words("护理依赖程度 生活自理障碍等级 自理障碍等级"), Is: Choice,
			Words: choice("full", "完全 生活完全不能自理 完全护理依赖 全部护理依赖 一级", "most", "大部分 生活大部分不能自理 大部分护理依赖 二级", "part", "部分 生活部分不能自理 部分护理依赖 三级")},
			ListColumn{Name: "employer", ZH: "单位名称", Aliases: words("用人单位 工作单位 单位")}).allowance("护理费", "生活护理费", "月护理费", "护理费标准")},
	{Name: "school", ZH: "学籍名单", EN: "school enrolment", Partner: "education",
		Columns: person("学生", "儿童", "适龄儿童").with(sortOf(schoolStates, "就学状态", "就读方式", "就学方式", "安置方式", "学籍状态", "学生状态", "就学情况", "入学状态").needed(),
			ListColumn{Name: "school_year", ZH: "学年", Aliases: words("学年度 所属学年 年度"), Is: YearOf},
			ListColumn{Name: "school", ZH: "学校", Aliases: words("学校名称 就读学校 所在学校 就读学校名称")}, ListColumn{Name: "grade", ZH: "年级", Aliases: words("就读年级 所在年级 年级班级")},
			ListColumn{Name: "student_no", ZH: "学籍号", Aliases: words("全国学籍号 学籍号码 学籍编号 国网学籍号"), Aside: true},
			ListColumn{Name: "from", ZH: "入学日期", Aliases: words("入学时间 入学年月 就读开始日期"), Is: FirstDay}, ListColumn{Name: "to", ZH: "离校日期", Aliases: words("毕业日期 离校时间 毕业时间 毕业年月"), Is: LastDay},
			ListColumn{Name: "reason", ZH: "未入学原因", Aliases: words("缓学原因 失学原因 原因")}).place()},
	{Name: "registered_poor", ZH: "建档立卡名单", EN: "registered poor", Partner: "rural_revitalisation", Complete: true,
		Columns: person("贫困人员", "家庭成员", "成员").with(sortOf(poverty, "脱贫状态", "脱贫属性", "贫困状态", "是否脱贫").needed(),
			ListColumn{Name: "case_no", ZH: "户编号", Aliases: words("贫困户编号 建档立卡编号 户编码"), Aside: true}, ListColumn{Name: "holder", ZH: "户主姓名", Aliases: words("户主"), Is: PersonName},
			ListColumn{Name: "registered_on", ZH: "识别日期", Aliases: words("建档日期 识别时间 建档时间 建档立卡时间 识别年度 建档年度"), Is: FirstDay},
			ListColumn{Name: "exited_year", ZH: "脱贫年度", Aliases: words("脱贫时间 脱贫年份 脱贫日期 退出年度"), Is: YearOf},
			ListColumn{Name: "monitored", ZH: "监测对象类别", Aliases: words("监测类别 监测对象类型 三类户类别 户类型"), Is: Choice,
				Words: choice("unstable", "脱贫不稳定户 脱贫不稳定", "edge", "边缘易致贫户 边缘易致贫", "sudden", "突发严重困难户 突发严重困难", "no", "无 否 一般脱贫户 一般农户")}).place()},
	{Name: "dangerous_houses", ZH: "农村危房台账", EN: "dangerous houses and what was done about them", Partner: "housing", Complete: true,
		Columns: person("户主", "房主", "产权人", "农户").with(ListColumn{Name: "grade", ZH: "危房等级", Aliases: words("鉴定等级 危险等级 房屋危险等级 鉴定级别"), Need: true, Is: Choice, Words: choice("C", "C C级", "D", "D D级")},
			ListColumn{Name: "identified_on", ZH: "鉴定日期", Aliases: words("鉴定时间 认定日期 认定时间 列入台账日期"), Is: FirstDay, Past: true},
			sortOf(conversions, "改造方式", "改造类型", "处置方式"), ListColumn{Name: "completed_on", ZH: "竣工日期", Aliases: words("完工日期 改造完成日期 竣工时间 完工时间 竣工验收日期"), Is: LastDay, Past: true},
			ListColumn{Name: "accepted", ZH: "是否验收", Aliases: words("验收结果 验收情况 是否验收合格 验收状态"), Is: Choice, Words: acceptance},
			ListColumn{Name: "subsidy", ZH: "补助金额", Aliases: words("补助资金 改造补助 到户资金"), Is: Yuan}, townColumn, areaColumn, addressColumn)},
	{Name: "rehab", ZH: "康复服务名单", EN: "rehabilitation services", Partner: "cdpf",
		Columns: holder().with(ListColumn{Name: "service", ZH: "康复项目", Aliases: words("服务项目 服务内容 康复服务内容 康复服务项目 项目名称 救助项目"), Need: true},
			sortOf(rehabSorts, "服务类型", "康复类型", "服务类别", "康复服务类型"), ListColumn{Name: "institution", ZH: "康复机构", Aliases: words("定点机构 机构名称 服务机构 定点康复机构 服务机构名称")},
			ListColumn{Name: "from", ZH: "开始日期", Aliases: words("服务开始日期 训练开始日期 开始时间 起始日期"), Is: FirstDay, Past: true},
			ListColumn{Name: "to", ZH: "结束日期", Aliases: words("服务结束日期 训练结束日期 结束时间 完成日期 服务日期 服务时间"), Need: true, Is: LastDay, Past: true},
			ListColumn{Name: "cost", ZH: "费用", Aliases: words("服务费用 康复费用 救助金额 补助金额 结算金额 金额"), Is: Yuan},
			ListColumn{Name: "outcome", ZH: "效果评估", Aliases: words("康复效果 效果 评估结果"), Is: Choice, Words: choice("improved", "改善 显效 有效 好转 明显改善", "maintained", "维持 稳定 无变化", "none", "无效 未改善")}).served()},
	{Name: "devices", ZH: "辅助器具适配名单", EN: "assistive devices", Partner: "cdpf",
		Columns: holder().with(ListColumn{Name: "device", ZH: "辅具名称", Aliases: words("辅助器具名称 器具名称 产品名称 辅助器具 适配器具 辅具"), Need: true},
			ListColumn{Name: "code", ZH: "分类代码", Aliases: words("辅具编码 辅具代码 产品编码 国标代码")}, sortOf(deviceModes, "适配方式", "补贴方式", "配发方式", "服务方式"),
			ListColumn{Name: "pieces", ZH: "数量", Aliases: words("件数 适配数量 发放数量")},
			ListColumn{Name: "fitted_on", ZH: "适配日期", Aliases: words("发放日期 配发日期 适配时间 发放时间 领取日期"), Need: true, Or: "accepted_on", Is: LastDay, Past: true},
			ListColumn{Name: "accepted_on", ZH: "签收日期", Aliases: words("验收日期 签收时间 签领日期"), Is: LastDay, Past: true},
			ListColumn{Name: "price", ZH: "价格", Aliases: words("产品价格 单价 总价 金额"), Is: Yuan}, ListColumn{Name: "subsidy", ZH: "补贴金额", Aliases: words("补助金额 财政补贴"), Is: Yuan},
			ListColumn{Name: "supplier", ZH: "供应商", Aliases: words("适配机构 服务机构 供货单位 供应单位")}).served()},
	{Name: "retrofits", ZH: "家庭无障碍改造名单", EN: "accessible homes", Partner: "cdpf",
		Columns: holder("户主", "受益人", "改造对象").with(ListColumn{Name: "items", ZH: "改造内容", Aliases: words("改造项目 改造明细 配置内容 改造及配置内容")},
			ListColumn{Name: "completed_on", ZH: "竣工日期", Aliases: words("完工日期 改造完成日期 竣工时间 完工时间 完成时间 完成日期"), Need: true, Or: "accepted_on", Is: LastDay, Past: true},
			ListColumn{Name: "accepted_on", ZH: "验收日期", Aliases: words("验收时间 竣工验收日期"), Is: LastDay, Past: true},
			ListColumn{Name: "accepted", ZH: "验收结果", Aliases: words("是否验收 验收情况 是否验收合格 验收状态"), Is: Choice, Words: acceptance},
			ListColumn{Name: "cost", ZH: "改造金额", Aliases: words("改造费用 资金 投入资金 金额 改造资金"), Is: Yuan}, ListColumn{Name: "contractor", ZH: "施工单位", Aliases: words("承建单位 施工方")},
			townColumn, areaColumn, addressColumn)},
	{Name: "moves", ZH: "户籍迁移名单", EN: "moves of hukou", Partner: "public_security",
		Columns: person("迁移人", "迁移人员").with(sortOf(moves, "迁移类型", "变动类型", "迁移类别", "迁移方向", "变动类别").needed(),
			ListColumn{Name: "moved_on", ZH: "迁移日期", Aliases: words("迁移时间 变动日期 变动时间 迁出日期 迁入日期 迁出时间 迁入时间"), Need: true, Is: Day, Past: true},
			ListColumn{Name: "from_address", ZH: "迁出地", Aliases: words("迁出地址 原户籍地 原户籍地址 何地迁来 迁出地详址")}, ListColumn{Name: "to_address", ZH: "迁入地", Aliases: words("迁入地址 现户籍地址 迁往何地 何地迁往 迁往地 迁入地详址")},
			townColumn, areaColumn.also("现户籍村居", "迁入村居", "现户籍地村居"))},
	{Name: "imprisonment", ZH: "服刑人员名单", EN: "persons serving a sentence", Partner: "justice",
		Columns: person("服刑人员", "罪犯", "被告人").with(ListColumn{Name: "from", ZH: "判决生效日期", Aliases: words("判决生效时间 生效日期 刑期起日 刑期开始日期 收监日期 服刑开始日期 刑期起"), Need: true, Is: Day, Past: true},
			ListColumn{Name: "to", ZH: "刑满日期", Aliases: words("释放日期 刑满释放日期 刑期止日 刑期结束日期 刑满时间 释放时间 刑期止"), Is: Day},
			ListColumn{Name: "term", ZH: "刑期", Aliases: words("原判刑期 判处刑期")}, ListColumn{Name: "court", ZH: "判决法院", Aliases: words("审判法院 法院")},
			ListColumn{Name: "case_no", ZH: "案号", Aliases: words("判决书文号 判决书号 文书编号"), Aside: true}, ListColumn{Name: "prison", ZH: "服刑场所", Aliases: words("监狱 关押场所 羁押场所 执行机关")})},
	{Name: "certificates", ZH: "残疾人证状态名单", EN: "status of certificates", Partner: "cdpf",
		Columns: holder().with(sortOf(cardStates, "证件状态", "残疾人证状态", "持证状态", "状态", "办理状态").needed(),
			ListColumn{Name: "on", ZH: "状态日期", Aliases: words("状态变更日期 冻结日期 注销日期 变更日期 冻结时间 注销时间 业务日期"), Is: Day, Past: true},
			ListColumn{Name: "reason", ZH: "注销原因", Aliases: words("冻结原因 原因 变更原因"), Is: Choice, Words: cancelReasons},
			ListColumn{Name: "issued_on", ZH: "发证日期", Aliases: words("签发日期 初次发证日期 首次发证日期"), Is: Day, Past: true}, ListColumn{Name: "expires_on", ZH: "有效期至", Aliases: words("到期日期 有效期限 有效期 有效期截止日期"), Is: Day}).place()},
}

// ListKindOf returns the kind of list with this name.
func ListKindOf(name string) (*ListKind, bool) {
	i := slices.IndexFunc(ListKinds, func(k ListKind) bool { return k.Name == name })
	if i < 0 {
		return nil, false
	}
	return &ListKinds[i], true
}

// Column returns the column of this name.
func (k *ListKind) Column(name string) (ListColumn, bool) {
	i := slices.IndexFunc(k.Columns, func(c ListColumn) bool { return c.Name == name })
	if i < 0 {
		return ListColumn{}, false
	}
	return k.Columns[i], true
}
