do -- fence variant=up generation=0 site=customer-24 (generated, do not edit)
end
