package casework

import "zhucan/internal/casefile"

// ground is on what ground somebody new comes into the register: a card, a disability found before eighteen, or a recovery, during which
// devices are lent on a diagnosis. A ground that is asked for has to agree with the rest of the entry.
func (d *Desk) ground(in NewPerson, p casefile.Person) (casefile.RecordType, error) {
	derived := casefile.UncertifiedChild
	if in.Certificate != nil {
		derived = casefile.Certified
	}
	switch {
	case in.RecordType == casefile.Recovering && in.Certificate == nil:
		if p.Diagnosis == "" {
			return "", field("diagnosis", "DIAGNOSIS_REQUIRED", "功能恢复期人员须有医院诊断", "who recovers needs a hospital's diagnosis")
		}
		return casefile.Recovering, nil
	case in.RecordType != "" && in.RecordType != derived:
		return "", field("record_type", "RECORD_TYPE_MISMATCH", "人员类别与所填残疾人证不一致", "the record type does not agree with the certificate that is given or absent")
	case derived == casefile.UncertifiedChild && !casefile.IsChild(p.BirthDate, d.today()):
		return "", field("certificate", "NO_CERT", "未持证人员只登记18周岁以下残疾儿童", "only a child under 18 is registered without a certificate")
	}
	return derived, nil
}
